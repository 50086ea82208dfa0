// One request over Node's own client, which obeys what the service says about its connections.
import { type Agent, request } from 'node:http';
import type { Asked } from '../serving/server.ts';

/** @param breaksOff goes away in the middle of its body. @returns the status, 0 when there was no answer. */
export function statusOf(
  port: number,
  agent: Agent,
  { path, headers, body }: Asked,
  breaksOff = false,
): Promise<number> {
  return new Promise((resolve) => {
    const all = { ...headers, 'content-length': body.length };
    const call = request({ port, host: '127.0.0.1', path, method: 'POST', agent, headers: all }, (response) => {
      response.once('error', () => resolve(0));
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    call.once('error', () => resolve(0));
    if (!breaksOff) return void call.end(body);
    call.write(body.subarray(0, 10));
    setImmediate(() => call.destroy());
  });
}
