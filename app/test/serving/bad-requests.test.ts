// What a service says to requests that nobody should send: a refusal of the one shape, no 5xx, nothing of its insides.
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../serving/log.ts';
import { type Service, startService } from '../../serving/service.ts';
import { readSettings } from '../../serving/settings/settings.ts';
import { root, wineArtifact } from '../wine.ts';
import { badProtocolRequests } from './bad-protocol-requests.ts';
import { type BadRequest, badRequests } from './bad-requests.ts';
import { inheritedWords } from './inherited-words.ts';

const limits = { bodyLimitBytes: 40_000, maxRows: 30 };
const atATime = 16;
let service: Service;
let record: string;
let cases: BadRequest[];

beforeAll(async () => {
  const wine = await wineArtifact();
  record = JSON.stringify(JSON.parse(String(wine.contents['golden.json'])).cases[0].input);
  cases = [...badRequests(record, limits), ...badProtocolRequests(record, limits), ...inheritedWords(record)];
  const settings = readSettings({
    PORT: '0',
    HOST: '127.0.0.1',
    BODY_LIMIT_BYTES: String(limits.bodyLimitBytes),
    MAX_ROWS: String(limits.maxRows),
    HEADERS_TIMEOUT_SECONDS: '1',
    REQUEST_TIMEOUT_SECONDS: '1.5',
    MAX_EVENT_LOOP_DELAY_MS: '0',
  });
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  service = await startService(
    settings,
    identity,
    async () => [wine],
    createLog('error', () => {}),
  );
  await service.started;
});
afterAll(() => service.stop({ grace: false }));

/** @returns all that was answered until the connection ended, or nothing came for a while after an answer. */
function send(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1');
    const done = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(4000, done);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', done);
    socket.on('close', done);
    socket.write(bytes);
  });
}

const required = [
  'x-content-type-options: nosniff',
  'content-security-policy: ',
  'cache-control: no-store',
  'x-request-id: ',
];

/** Everything that is wrong with an answer. */
function faultsOf({ name, status, code }: BadRequest, answer: string): string[] {
  const fault = (text: string) => `${name}: ${text}`;
  const answers = answer.match(/HTTP\/1\.1 \d{3}/g) ?? [];
  if (status === 0) return answer === '' ? [] : [fault(`expected no answer, found ${answer.slice(0, 60)}`)];
  const faults: string[] = [];
  if (answers.length !== 1) faults.push(fault(`expected one answer, found ${answers.length}`));
  if (answers[0] !== `HTTP/1.1 ${status}`) faults.push(fault(`expected ${status}, found ${answer.slice(0, 200)}`));
  const [head = '', body = ''] = answer.split(/\r\n\r\n(.+)/s);
  for (const header of required) if (!head.toLowerCase().includes(header)) faults.push(fault(`no header ${header}`));
  if (/x-powered-by/i.test(head)) faults.push(fault('says what it was made with'));
  if (/\n\s+at |node_modules|node:internal|\.ts\b/.test(answer) || answer.includes(root))
    faults.push(fault(`leaks ${body.slice(0, 200)}`));
  if (code !== undefined) {
    const found = /"code":"([^"]*)"/.exec(body)?.[1];
    if (found !== code) faults.push(fault(`expected code ${code}, found ${found} in ${body.slice(0, 120)}`));
  }
  return faults;
}

async function faultsAt(port: number, requests: readonly BadRequest[]): Promise<string[]> {
  const faults: string[] = [];
  const queue = [...requests];
  const one = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      faults.push(...faultsOf(next, await send(port, next.bytes)));
  };
  await Promise.all(Array.from({ length: atATime }, one));
  return faults;
}

describe('bad requests', () => {
  it('are refused as each should be, with one answer, no 5xx, every header and nothing of the insides', async () => {
    expect(cases.length).toBeGreaterThanOrEqual(300);
    expect(cases.filter(({ name }) => name.startsWith('framing')).length).toBeGreaterThanOrEqual(25);
    expect(cases.filter(({ status }) => status >= 500)).toEqual([]);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    const prototype = () => Reflect.ownKeys(Object.prototype).concat(Reflect.ownKeys(Array.prototype));
    const before = prototype();
    expect(await faultsAt(service.port, cases)).toEqual([]);
    expect(prototype()).toEqual(before);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('do not take the answer away from the good request before them', async () => {
    const good = `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${record.length}\r\n\r\n${record}`;
    const chunked = `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${record.length.toString(16)}\r\n${record}\r\n0\r\n\r\n`;
    for (const one of [good, chunked]) {
      const answer = await send(service.port, Buffer.from(`${one}\u0000rubbish\r\n\r\n`));
      expect(answer.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200']);
      expect(answer).toContain('"predictions"');
    }
  });

  it('leave a service that answers as before', async () => {
    const response = await fetch(`http://127.0.0.1:${service.port}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: record,
    });
    expect(response.status).toBe(200);
  });

  it('would be found out at a server that takes them, fails on them or tells too much: the control', async () => {
    const careless = createServer({ insecureHTTPParser: true, requireHostHeader: false }, (request, response) => {
      request.resume().on('end', () => {
        response.statusCode = request.method === 'GET' ? 200 : 500;
        response.setHeader('x-powered-by', 'carelessness');
        response.end(new Error('oops').stack);
      });
    });
    await new Promise<void>((resolve) => careless.listen(0, '127.0.0.1', resolve));
    const address = careless.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const some = cases.filter(({ status }, index) => status === 400 && index % 8 === 0);
    const faults = await faultsAt(port, some);
    careless.closeAllConnections();
    await new Promise((resolve) => careless.close(resolve));
    for (const { name } of some) expect(faults.some((fault) => fault.startsWith(`${name}: `))).toBe(true);
    expect(faults.join('\n')).toMatch(/leaks/);
    expect(faults.join('\n')).toMatch(/no header x-content-type-options/);
    expect(faults.join('\n')).toMatch(/expected one answer, found 2/);
  });
});
