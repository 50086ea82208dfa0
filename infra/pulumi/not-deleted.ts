// Did an update fail only at deleting what nothing that is wanted waits for? From the engine's own events. Pure.
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { type Refusal, refusalOf } from './refusals.ts';

/** How one of an update's operations on a resource ended. */
export interface Ended {
  readonly op: string;
  readonly urn: string;
  readonly failed: boolean;
}

export function endedOf(event: EngineEvent): Ended | undefined {
  const failed = event.resOpFailedEvent?.metadata;
  const metadata = failed ?? event.resOutputsEvent?.metadata;
  return metadata === undefined ? undefined : { op: metadata.op, urn: metadata.urn, failed: failed !== undefined };
}

/**
 * A vendor says of a creation, too, that something is in use, and of a deletion that makes room for the new one: what is wanted is not there
 * then. A resource that was replaced may be left where its new one is there.
 */
export function isOnlyNotDeleted(ended: readonly Ended[], sentences: readonly string[], stack: string): boolean {
  const kindOf = (sentence: string): Refusal['kind'] | undefined => refusalOf(sentence, stack)?.kind;
  const failed = ended.filter((one) => one.failed);
  const isThere = (urn: string) => ended.some((one) => one.urn === urn && !one.failed && !deletes.has(one.op));
  return (
    failed.length > 0 &&
    failed.every(({ op, urn }) => op === 'delete' || (op === 'delete-replaced' && isThere(urn))) &&
    sentences.every((sentence) => kindOf(sentence) === 'in-use')
  );
}

const deletes: ReadonlySet<string> = new Set(['delete', 'delete-replaced', 'replace']);
