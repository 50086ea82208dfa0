// A cloud on loopback that answers predictions as the service does, and goes wrong on command in every way a cloud does.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export type Fault =
  | 'refuses connections'
  | 'accepts and never answers'
  | 'resets in the middle of an answer'
  | 'answers 500'
  | 'answers 503 with Retry-After'
  | 'sheds what is beyond two at once'
  | 'does not know the key'
  | 'forbids'
  | 'does not know the model'
  | 'answers as a platform whose service is gone'
  | 'answers with half a document';

export const faults: readonly Fault[] = [
  'refuses connections',
  'accepts and never answers',
  'resets in the middle of an answer',
  'answers 500',
  'answers 503 with Retry-After',
  'sheds what is beyond two at once',
  'does not know the key',
  'forbids',
  'does not know the model',
  'answers as a platform whose service is gone',
  'answers with half a document',
];

/** What it says no with on its own account, at once, where the others have work to do. */
const noes = {
  'does not know the key': [401, '{"error":"expected a key of this service","code":"unauthorized"}'],
  forbids: [403, '{"error":"expected a key for this route","code":"forbidden"}'],
  'does not know the model': [404, '{"error":"expected a model of this service","code":"model-unknown"}'],
} as const;

/** How long a cloud that sheds works on what it takes. */
const sheddingMs = 5;

const json = { 'content-type': 'application/json' };

export class Cloud {
  /** Requests that came. */
  received = 0;
  /** Those whose caller still waits. */
  waiting = 0;
  /** Those it sent away, because it had enough to do. */
  shed = 0;
  #inWork = 0;
  readonly requestIds: string[] = [];
  #fault: Fault | undefined;
  #port = 0;
  #delayMs: number;
  #server: Server;

  private constructor(delayMs: number) {
    this.#delayMs = delayMs;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** @param delayMs before each answer. */
  static async start(delayMs = 0): Promise<Cloud> {
    const cloud = new Cloud(delayMs);
    await cloud.#listen();
    return cloud;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async goesWrong(fault: Fault): Promise<void> {
    this.#fault = fault;
    if (fault !== 'refuses connections') return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async recovers(): Promise<void> {
    const isDown = !this.#server.listening;
    this.#fault = undefined;
    if (isDown) await this.#listen();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.received += 1;
    this.waiting += 1;
    response.once('close', () => {
      this.waiting -= 1;
    });
    this.requestIds.push(String(request.headers['x-request-id']));
    switch (this.#fault) {
      case 'refuses connections':
        return void request.socket.destroy();
      case 'accepts and never answers':
        return;
      case 'resets in the middle of an answer':
        response.writeHead(200, { ...json, 'content-length': '1000' });
        response.write('{"model":{},"predictions":[');
        return void setImmediate(() => request.socket.resetAndDestroy());
      case 'answers 500':
        return void response.writeHead(500, json).end('{"error":"a fault in the service","code":"internal"}');
      case 'answers 503 with Retry-After':
        response.writeHead(503, { ...json, 'retry-after': '1' });
        return void response.end('{"error":"too many predictions at once","code":"overloaded"}');
      case 'sheds what is beyond two at once':
        if (this.#inWork < 2) break;
        this.shed += 1;
        response.writeHead(503, { ...json, 'retry-after': '1' });
        return void response.end('{"error":"too many predictions at once","code":"overloaded"}');
      case 'does not know the key':
      case 'forbids':
      case 'does not know the model': {
        const [status, body] = noes[this.#fault];
        return void response.writeHead(status, json).end(body);
      }
      case 'answers as a platform whose service is gone':
        return void response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Page not found</h1>');
      case 'answers with half a document':
        return void response.writeHead(200, json).end('{"model":{},"predictions":[');
      case undefined:
    }
    this.#inWork += 1;
    response.once('close', () => {
      this.#inWork -= 1;
    });
    const delayMs = this.#fault === 'sheds what is beyond two at once' ? sheddingMs : this.#delayMs;
    const asked: unknown = JSON.parse((await buffer(request)).toString() || '[]');
    const records = (Array.isArray(asked) ? asked : [asked]) as { readonly x: number }[];
    const predictions = records.map(({ x }, index) => ({ predictionId: String(index), value: x * 2 }));
    const answer = JSON.stringify({ model: { name: 'double', version: '1', digest: 'sha256:0' }, predictions });
    if (delayMs > 0) setTimeout(() => response.writeHead(200, json).end(answer), delayMs);
    else response.writeHead(200, json).end(answer);
  }
}
