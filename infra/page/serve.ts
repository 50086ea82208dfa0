// Serves the release page on this machine only, made again from the ledger when somebody asks and something happened.
import { createServer, type ServerResponse } from 'node:http';
import { DeliveryError } from '../contract/errors.ts';
import type { Fact } from '../contract/fact.ts';
import { assets } from './assets.ts';
import type { PageInput } from './book.ts';
import { contentPolicy } from './shell.ts';
import { headDocument, renderSite } from './site.ts';

export interface PageServer {
  /** `http://127.0.0.1:<port>/` */
  readonly url: string;
  close(): Promise<void>;
}

export interface PageSource {
  /** The ledger as it is now. */
  facts(): Promise<readonly Fact[]>;
  /** Everything else a page needs; asked when it is made. */
  input(facts: readonly Fact[]): Promise<PageInput>;
}

/** A page that nobody asked for again is old after this long although nothing happened: a freeze may have ended. */
const freshMs = 15_000;

/** @param port 0: any that is free. @throws DeliveryError `port-taken`. */
export async function servePage(source: PageSource, port: number, now: () => number): Promise<PageServer> {
  const beside = await assets();
  let made:
    | { readonly chain: string | undefined; readonly at: number; readonly site: ReadonlyMap<string, string> }
    | undefined;

  async function answer(name: string): Promise<string | undefined> {
    const asset = beside.get(name);
    if (asset !== undefined) return asset;
    const facts = await source.facts();
    if (name === 'head.json') return headDocument({ facts });
    const chain = facts.at(-1)?.chain;
    if (made === undefined || made.chain !== chain || now() - made.at > freshMs)
      made = { chain, at: now(), site: renderSite(await source.input(facts)) };
    return made.site.get(name);
  }

  const server = createServer(async (request, response) => {
    const asked = request.url?.split('?')[0] ?? '/';
    const name = asked === '/' ? 'index.html' : asked.slice(1);
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'GET only\n', 'text/plain');
    // A page of this machine is for this machine: another name in Host is a name somebody else gave the address.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? ''))
      return send(response, 421, 'expected the host 127.0.0.1\n', 'text/plain');
    try {
      const text = await answer(name);
      if (text === undefined) send(response, 404, 'no such page\n', 'text/plain');
      else send(response, 200, text, typeOf(name));
    } catch (error) {
      const expected = error instanceof DeliveryError;
      const why = expected ? error.message : `this is a bug in trireme: ${String(error)}`;
      send(response, expected ? 503 : 500, `${why}\n`, 'text/plain');
    }
  });
  const url = await listening(server, port);
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: ReturnType<typeof createServer>, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new DeliveryError('port-taken', `expected port ${port} to be free; found ${cause.message}`, { cause })),
    );
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}/`);
    });
  });
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  svg: 'image/svg+xml',
  json: 'application/json',
};

function typeOf(name: string): string {
  return types[name.split('.').at(-1) ?? ''] ?? 'text/plain';
}

function send(response: ServerResponse, status: number, text: string, type: string): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(text),
    'content-security-policy': `${contentPolicy}; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  response.end(text);
}
