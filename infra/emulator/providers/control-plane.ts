// How a provider calls a control plane: in process, through the vendor's own API, waiting as the vendor's provider waits.
import { type Properties, propertiesFrom } from '../engine/property.ts';
import { CloudRefusal } from '../engine/resource-model.ts';
import type { Handler } from '../world.ts';

export interface Answer {
  readonly status: number;
  readonly body: Properties;
}

export async function call(
  handler: Handler,
  request: {
    readonly method: string;
    readonly url: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Properties;
  },
): Promise<Answer> {
  const response = await handler({
    method: request.method,
    url: request.url,
    headers: { 'content-type': 'application/json', ...request.headers },
    body: Buffer.from(request.body === undefined ? '' : JSON.stringify(request.body)),
  });
  const text = response.body?.toString() ?? '';
  return { status: response.status, body: text === '' ? {} : propertiesFrom(JSON.parse(text)) };
}

export interface Waiting {
  /** For the message when it takes too long. */
  readonly what: string;
  readonly timeScale: number;
  readonly pollSeconds: number;
  readonly limitSeconds: number;
}

/** Starting processes is real work that no time scale shortens: however short the scaled limit, this much is waited. */
const leastLimitSeconds = 120;
const leastPollSeconds = 0.025;

/** Asks again until there is an answer. @throws CloudRefusal when the limit is over. */
export async function poll<T>(waiting: Waiting, ask: () => Promise<T | undefined>): Promise<T> {
  const pollSeconds = Math.max(waiting.pollSeconds / waiting.timeScale, leastPollSeconds);
  const limitSeconds = Math.max(waiting.limitSeconds / waiting.timeScale, leastLimitSeconds);
  const until = performance.now() + limitSeconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > until) {
      throw new CloudRefusal(`timeout while waiting for ${waiting.what} (${Math.round(limitSeconds)} s)`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollSeconds * 1000));
  }
}
