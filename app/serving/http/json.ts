// Writes a JSON answer with the plain content type: one of the protocols' clients reads errors only from exactly `application/json`.
import type { ServerResponse } from 'node:http';

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, JSON.stringify(value));
}

/** @param text JSON. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  const length = Buffer.byteLength(text);
  response.setHeader('content-length', length);
  // Plain ASCII, as nearly every answer is, goes out a byte a character.
  response.end(text, length === text.length ? 'latin1' : 'utf8');
}
