// Google's JSON on the wire: answers, and errors as every one of its APIs gives them. https://cloud.google.com/apis/design/errors
import type { WireResponse } from '../world.ts';

export function json(status: number, body: unknown): WireResponse {
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(body) };
}

export function refusal(code: number, status: string, message: string): WireResponse {
  return json(code, { error: { code, message, status } });
}
