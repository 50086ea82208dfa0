// The id that a request goes by in the answer, in the logs and in its span: the caller's where it is one, a new one otherwise.
import { randomUUID } from 'node:crypto';

const wellFormed = /^[\w.:-]{1,128}$/;

/** @param given `x-request-id`. Only what a log line can hold as it stands. */
export function requestIdFrom(given: string | string[] | undefined): string {
  return typeof given === 'string' && wellFormed.test(given) ? given : randomUUID();
}
