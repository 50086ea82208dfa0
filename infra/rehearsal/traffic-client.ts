// The traffic client's own process: open loop, so that a slow answer does not slow down the next request, and no retries.
import { Agent, request } from 'node:http';

export type TrafficOrder =
  | {
      readonly kind: 'start';
      readonly endpoints: readonly { stack: string; endpoint: string }[];
      readonly body: string;
      readonly ratePerSecond: number;
    }
  | { readonly kind: 'count' }
  | { readonly kind: 'stop' };

export interface TrafficCount {
  readonly stack: string;
  readonly sent: number;
  /** No answer, an answer other than 200, or none within the time limit. */
  readonly lost: number;
  readonly seconds: number;
  /** The first few losses, in words. */
  readonly losses: readonly string[];
}

const answerLimitMilliseconds = 15_000;
const tickMilliseconds = 10;

class Caller {
  readonly stack: string;
  readonly #url: URL;
  readonly #body: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #started = performance.now();
  #sent = 0;
  #lost = 0;
  #open = 0;
  #ended: number | undefined;
  readonly #losses: string[] = [];

  constructor(stack: string, endpoint: string, body: string) {
    this.stack = stack;
    this.#url = new URL('/predict', endpoint);
    this.#body = body;
  }

  /** Sends what is due by now. */
  sendDue(ratePerSecond: number): void {
    const due = Math.floor(((performance.now() - this.#started) / 1000) * ratePerSecond);
    while (this.#sent < due) this.#send();
  }

  end(): void {
    this.#ended = performance.now();
  }

  get idle(): boolean {
    return this.#open === 0;
  }

  get count(): TrafficCount {
    const seconds = ((this.#ended ?? performance.now()) - this.#started) / 1000;
    return { stack: this.stack, sent: this.#sent, lost: this.#lost, seconds, losses: this.#losses };
  }

  #send(): void {
    this.#sent++;
    this.#open++;
    let settled = false;
    const settle = (loss?: string) => {
      if (settled) return;
      settled = true;
      this.#open--;
      if (loss === undefined) return;
      this.#lost++;
      if (this.#losses.length < 5) this.#losses.push(`${new Date().toISOString()} ${loss}`);
    };
    const call = request(
      this.#url,
      {
        method: 'POST',
        agent: this.#agent,
        headers: { 'content-type': 'application/json' },
        timeout: answerLimitMilliseconds,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () =>
          settle(answer.statusCode === 200 ? undefined : `answered ${answer.statusCode}: ${text.slice(0, 200)}`),
        );
        answer.on('error', (error) => settle(error.message));
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer within 15 s')));
    call.on('error', (error) => settle(error.message));
    call.end(this.#body);
  }
}

let callers: readonly Caller[] = [];
let timer: NodeJS.Timeout | undefined;

process.on('message', (order: TrafficOrder) => {
  if (order.kind === 'start') {
    callers = order.endpoints.map(({ stack, endpoint }) => new Caller(stack, endpoint, order.body));
    timer = setInterval(() => {
      for (const caller of callers) caller.sendDue(order.ratePerSecond);
    }, tickMilliseconds);
  } else if (order.kind === 'count') {
    process.send?.(callers.map((caller) => caller.count));
  } else {
    clearInterval(timer);
    for (const caller of callers) caller.end();
    void reportWhenIdle();
  }
});
// The rehearsal is gone: nobody is left to count for.
process.on('disconnect', () => process.exit(0));

async function reportWhenIdle(): Promise<void> {
  for (const until = performance.now() + answerLimitMilliseconds; performance.now() < until; ) {
    if (callers.every((caller) => caller.idle)) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  process.send?.(callers.map((caller) => caller.count));
}
