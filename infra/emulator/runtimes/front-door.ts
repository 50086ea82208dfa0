// The address of a service: one listener for the service's life, which gives requests to ready instances as a vendor's balancer does.
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { Meter } from './meter.ts';
import { collectBody } from './request-body.ts';

/** What the vendor's front end enforces and adds. */
export interface FrontDoorRules {
  /** From the request's headers to the end of the answer; 504 beyond. */
  readonly requestDeadlineSeconds: number;
  readonly bodyLimitBytes: number | null;
  /** Requests given to one instance at a time; more wait. */
  readonly concurrency: number | null;
  /** Set on the request as the container sees it, over whatever the client sent. */
  readonly requestHeaders: (incoming: IncomingMessage) => Readonly<Record<string, string>>;
  /** Set on the answer as the client sees it. */
  readonly responseHeaders?: (outgoing: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** The answer when no instance is ready. */
  readonly unavailable: { readonly status: number; readonly body: string };
  /** The answer when every instance was busy for longer than a request may wait. */
  readonly saturated: { readonly status: number; readonly body: string };
}

/** One ready instance as the front door sees it. */
export interface Backend {
  readonly port: number;
  readonly agent: Agent;
  inFlight: number;
  /** Could it have read what was sent? A process that is gone could not; asked before a request is sent again. */
  readonly running: () => boolean;
}

/** Who answers, and how many of the requests: a weight of 1 beside one of 3 is a quarter of them. */
export interface Share {
  /** Whom requests are counted for. */
  readonly revision: string;
  readonly weight: number;
  /** The instances that are ready at this moment. */
  readonly backends: () => readonly Backend[];
  readonly rules: FrontDoorRules;
  /** Where they are counted; left out: at this door. */
  readonly meter?: Meter;
  /** Whoever may start another instance for a request that finds no room. */
  readonly scaler?: Scaler;
}

export interface Scaler {
  /** No instance is ready, but one will be: a request is held instead of refused. */
  readonly coming: boolean;
  /** A request waits for room, until what is given back is called. */
  wait(): () => void;
}

export function newBackend(port: number, running: () => boolean): Backend {
  return { port, agent: new Agent({ keepAlive: true, maxFreeSockets: 64 }), inFlight: 0, running };
}

/** No more requests on idle connections: they close now, busy ones once their answer is complete. */
export function closeIdle(backend: Backend): void {
  backend.agent.maxFreeSockets = 0;
  for (const sockets of Object.values(backend.agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

const waitSeconds = 10;
/** How often somebody who waits for a cold start looks again, should nobody wake them. */
const coldWaitMilliseconds = 1000;
/** Not forwarded: they speak about one connection. RFC 9110 section 7.6.1. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

export class FrontDoor {
  /** What holds while nobody has a share. */
  readonly rules: FrontDoorRules;
  /** What requests met here, for the vendor's metrics. */
  readonly meter = new Meter();
  #server: Server;
  #url: string;
  #shares: readonly Share[] = [];
  #next = 0;
  #waiting: (() => void)[] = [];
  #closing = false;

  private constructor(server: Server, port: number, rules: FrontDoorRules) {
    this.#server = server;
    this.#url = `http://127.0.0.1:${port}`;
    this.rules = rules;
    server.on('request', (incoming, outgoing) => void this.#serve(incoming, outgoing));
  }

  static async open(rules: FrontDoorRules): Promise<FrontDoor> {
    // Longer than any client keeps an idle connection: a front end that closes first races with the client's next request.
    const server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 });
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    return new FrontDoor(server, port, rules);
  }

  get url(): string {
    return this.#url;
  }

  /** From the next request on, only these. */
  route(backends: readonly Backend[], revision = ''): void {
    this.split([{ revision, weight: 1, backends: () => backends, rules: this.rules }]);
  }

  /** From the next request on each is drawn among these, by their weights. To be called too when somebody's instances have changed. */
  split(shares: readonly Share[]): void {
    this.#shares = shares;
    this.#wake();
  }

  /** Stops listening, lets what runs end, cuts it after `drainSeconds`. */
  async close(drainSeconds: number): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    this.#wake();
    const timer = setTimeout(() => this.#server.closeAllConnections(), drainSeconds * 1000);
    await closed;
    clearTimeout(timer);
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    let share = this.#draw();
    const rules = share?.rules ?? this.rules;
    const headers = rules.requestHeaders(incoming);
    const abandoned = new AbortController();
    const began = performance.now();
    outgoing.once('close', () => {
      abandoned.abort();
      const { revision = '', meter = this.meter } = share ?? {};
      meter.count({ revision, status: statusOf(outgoing), milliseconds: performance.now() - began });
    });
    const deadline = setTimeout(() => {
      refuse(outgoing, 504, 'upstream request timeout');
      abandoned.abort();
    }, rules.requestDeadlineSeconds * 1000);
    abandoned.signal.addEventListener('abort', () => clearTimeout(deadline), { once: true });

    const extra = rules.responseHeaders?.(headers) ?? {};
    for (const [name, value] of Object.entries(extra)) outgoing.setHeader(name, value);
    if (this.#closing) outgoing.setHeader('connection', 'close');

    const body = await collectBody(incoming, rules.bodyLimitBytes);
    if (body.kind === 'too-large') return refuse(outgoing, 413, 'Request Entity Too Large', { connection: 'close' });
    if (body.kind === 'aborted') return;

    // A refused connection was never a request; each instance may refuse once, then there is none.
    for (let attempt = 0; attempt < 4 && !abandoned.signal.aborted; attempt++) {
      const [drawn, backend] = await this.#pick(share, rules, abandoned.signal);
      share = drawn;
      if (typeof backend === 'string') {
        const { status, body: text } = rules[backend];
        return refuse(outgoing, status, text);
      }
      const result = await this.#forward(backend, incoming, outgoing, body, headers, abandoned.signal);
      if (result === 'answered' || abandoned.signal.aborted) return;
      if (result === 'lost') return refuse(outgoing, 502, 'upstream connect error or disconnect before headers');
      if (body.kind === 'stream') break;
    }
    refuse(outgoing, rules.unavailable.status, rules.unavailable.body);
  }

  /** By weight; `undefined` when nobody is to have a request. */
  #draw(): Share | undefined {
    const shares = this.#shares.filter(({ weight }) => weight > 0);
    let left = Math.random() * shares.reduce((sum, { weight }) => sum + weight, 0);
    for (const share of shares) {
      left -= share.weight;
      if (left < 0) return share;
    }
    return shares.at(-1);
  }

  /** Round robin over the instances of one share with room. Whose share has gone meanwhile is drawn again. */
  async #pick(
    first: Share | undefined,
    rules: FrontDoorRules,
    signal: AbortSignal,
  ): Promise<readonly [Share | undefined, Backend | 'unavailable' | 'saturated']> {
    const until = performance.now() + waitSeconds * 1000;
    let share = first;
    for (;;) {
      const drawn = share;
      if (drawn === undefined || !this.#shares.includes(drawn)) {
        share = this.#shares.find((one) => one.weight > 0 && one.revision === drawn?.revision) ?? this.#draw();
      }
      const backends = share?.backends() ?? [];
      const scaler = share?.scaler;
      if (backends.length === 0 && scaler?.coming !== true) return [share, 'unavailable'];
      for (let step = 0; step < backends.length; step++) {
        const backend = backends[this.#next++ % backends.length];
        if (backend !== undefined && backend.inFlight < (rules.concurrency ?? Number.POSITIVE_INFINITY)) {
          // Taken at once: a backend must never look idle between being picked and being asked.
          backend.inFlight++;
          return [share, backend];
        }
      }
      // Who waits for the first instance to start waits until the request's own deadline.
      const left = backends.length === 0 ? coldWaitMilliseconds : until - performance.now();
      if (left <= 0 || signal.aborted) return [share, 'saturated'];
      const waited = scaler?.wait();
      await this.#room(left);
      waited?.();
    }
  }

  /** Resolves when an instance may have room again. */
  #room(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /**
   * `refused`: no instance saw the request, another may have it. `lost`: it may have been processed, so it is not sent again.
   * An instance may close an idle connection at the moment a request is written to it; such a request reached nobody as long as
   * its process lives, and is sent again on a new connection.
   */
  #forward(
    backend: Backend,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    body: Exclude<Awaited<ReturnType<typeof collectBody>>, { kind: 'too-large' | 'aborted' }>,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<'answered' | 'refused' | 'lost'> {
    return new Promise<'answered' | 'refused' | 'lost'>((resolve) => {
      const upstream = request({
        host: '127.0.0.1',
        port: backend.port,
        agent: backend.agent,
        method: incoming.method,
        path: incoming.url,
        headers: forwarded(incoming, headers),
      });
      const cut = () => upstream.destroy();
      if (signal.aborted) cut();
      signal.addEventListener('abort', cut, { once: true });
      let failed = false;
      upstream.once('close', () => {
        signal.removeEventListener('abort', cut);
        if (!failed) resolve('answered');
      });
      upstream.once('response', (response) => {
        const pairs = endToEnd(response.rawHeaders);
        outgoing.writeHead(response.statusCode ?? 502, response.statusMessage, pairs);
        response.pipe(outgoing);
        // Half an answer is no answer: the client must see the connection break.
        response.once('aborted', () => breakOff(outgoing));
        response.once('error', () => breakOff(outgoing));
        // Its connection may be another request's from here on.
        response.once('end', () => signal.removeEventListener('abort', cut));
      });
      upstream.on('error', (error: NodeJS.ErrnoException) => {
        failed = true;
        if (outgoing.headersSent || signal.aborted) return resolve('answered');
        if (error.code === 'ECONNREFUSED') return resolve('refused');
        if (!upstream.reusedSocket) return resolve('lost');
        // The exit of a killed process is noticed a moment after its sockets are reset.
        setTimeout(() => resolve(backend.running() && body.kind === 'bytes' ? 'refused' : 'lost'), 25);
      });
      if (body.kind === 'bytes') upstream.end(body.bytes);
      else body.pipeTo(upstream, () => refuse(outgoing, 413, 'Request Entity Too Large', { connection: 'close' }));
    }).finally(() => {
      backend.inFlight--;
      if (this.#waiting.length > 0) this.#wake();
    });
  }
}

function forwarded(incoming: IncomingMessage, set: Readonly<Record<string, string>>): string[] {
  const pairs = endToEnd(incoming.rawHeaders);
  const kept: string[] = [];
  for (let index = 0; index < pairs.length; index += 2) {
    const name = pairs[index] ?? '';
    if (!(name.toLowerCase() in set)) kept.push(name, pairs[index + 1] ?? '');
  }
  for (const [name, value] of Object.entries(set)) kept.push(name, value);
  // A body of unknown length keeps its framing; the agent adds none when headers are given as a list.
  if (incoming.headers['transfer-encoding'] !== undefined) kept.push('transfer-encoding', 'chunked');
  return kept;
}

function endToEnd(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!hopByHop.has(name.toLowerCase())) kept.push(name, raw[index + 1] ?? '');
  }
  return kept;
}

/** The client sees the connection break; the metrics, that it was not the client's doing. */
function breakOff(outgoing: ServerResponse): void {
  outgoing.statusCode = 502;
  outgoing.destroy();
}

/** An answer that the client did not wait for is nobody's error: 499, as front ends log it. */
function statusOf({ writableFinished, statusCode }: ServerResponse): number {
  return writableFinished || statusCode >= 500 ? statusCode : 499;
}

function refuse(outgoing: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  if (outgoing.destroyed || outgoing.writableEnded) return;
  if (outgoing.headersSent) {
    breakOff(outgoing);
    return;
  }
  outgoing.writeHead(status, { 'content-type': 'text/plain', ...headers });
  outgoing.end(body);
}
