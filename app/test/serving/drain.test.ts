import { once } from 'node:events';
import { Agent, type ClientRequest, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageWith, wineArtifact } from '../wine.ts';
import { endGrace, runWithHeldGrace } from './held-grace.ts';
import { type RunningService, runService, settled } from './process.ts';

let cwd: string;
let body: string;
beforeAll(async () => {
  const wine = await wineArtifact();
  cwd = (await imageWith(wine.directory)).cwd;
  body = JSON.stringify(JSON.parse(String(wine.contents['golden.json'])).cases[0].input);
});

async function ready(environment: Record<string, string>): Promise<RunningService> {
  const service = await runService(cwd, environment);
  expect((await settled(service)).status).toBe(200);
  return service;
}

/** A prediction over a kept-alive connection: its status, and whether the service asked for the connection to be closed. */
function predict(url: string, agent: Agent): Promise<{ status: number; closes: boolean }> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${url}/predict`,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        text(response).then(
          () => resolve({ status: response.statusCode ?? 0, closes: response.headers.connection === 'close' }),
          reject,
        );
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

/**
 * A balancer with clients behind it: sends a request every few milliseconds, asks for readiness now and then, and stops sending once it knows.
 * @returns what became of the requests sent after the service was told to stop.
 */
async function stopUnderLoad(service: RunningService, probeEveryMs: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const sent: Promise<{ status: number; closes: boolean } | 'lost'>[] = [];
  const send = () => sent.push(predict(service.url, agent).catch(() => 'lost' as const));
  for (let count = 0; count < 30; count++) {
    send();
    await sleep(5);
  }
  const before = sent.length;
  service.process.kill('SIGTERM');
  for (let knows = false; !knows; ) {
    const probeAt = Date.now() + probeEveryMs;
    while (Date.now() < probeAt) {
      send();
      await sleep(5);
    }
    knows = await fetch(`${service.url}/v2/health/ready`).then(
      ({ status }) => status !== 200,
      () => true,
    );
  }
  // One that was on its way.
  send();
  const outcomes = await Promise.all(sent);
  agent.destroy();
  const after = outcomes.slice(before);
  return {
    lost: outcomes.filter((outcome) => outcome === 'lost').length,
    refused: outcomes.filter((outcome) => outcome !== 'lost' && outcome.status !== 200).length,
    answeredAfter: after.filter((outcome) => outcome !== 'lost').length,
    closedAfter: after.filter((outcome) => outcome !== 'lost' && outcome.closes).length,
  };
}

describe('stopping under load', () => {
  it('loses no request: it answers until the balancer knows, asks clients to reconnect, and ends with 0', async () => {
    const service = await runWithHeldGrace(cwd);
    expect((await settled(service)).status).toBe(200);
    const { lost, refused, answeredAfter, closedAfter } = await stopUnderLoad(service, 300);
    expect({ lost, refused }).toEqual({ lost: 0, refused: 0 });
    expect(answeredAfter).toBeGreaterThan(0);
    expect(closedAfter).toBeGreaterThan(0);
    endGrace([service.process.pid]);
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(service.lines.map(({ message }) => message)).toEqual(['listening', 'ready', 'draining', 'stopped']);
  });

  it('would lose requests without the grace: the control', async () => {
    const service = await ready({ DRAIN_GRACE_SECONDS: '0' });
    expect((await stopUnderLoad(service, 300)).lost).toBeGreaterThan(0);
    expect(await service.ended).toEqual({ code: 0, signal: null });
  });

  /** A request whose head the service has read, and of whose body it has nothing yet. */
  async function begun(service: RunningService, length: number): Promise<ClientRequest> {
    const call = request(`${service.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': length, expect: '100-continue' },
    });
    call.flushHeaders();
    await once(call, 'continue');
    return call;
  }
  const told = (service: RunningService, wanted: string) =>
    expect.poll(() => service.lines.map(({ message }) => message)).toContain(wanted);

  it('lets a request end that had begun, however late its body comes', async () => {
    const service = await ready({ DRAIN_GRACE_SECONDS: '0' });
    const call = await begun(service, Buffer.byteLength(body));
    const answered = new Promise<number>((resolve, reject) => {
      call.on('response', (response) => resolve(response.statusCode ?? 0));
      call.on('error', reject);
    });
    call.write(body.slice(0, 10));
    service.process.kill('SIGTERM');
    await told(service, 'draining');
    call.end(body.slice(10));
    expect(await answered).toBe(200);
    expect(await service.ended).toEqual({ code: 0, signal: null });
  });

  it('says so and still ends with 0 when a client never finishes its request', async () => {
    const service = await ready({ DRAIN_GRACE_SECONDS: '0' });
    const call = await begun(service, 100);
    call.on('error', () => {});
    call.write('{');
    service.process.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(service.lines.at(-1)?.message).toBe('stopped with requests unfinished');
  });

  it('closes idle connections at the end instead of waiting for them', async () => {
    const service = await ready({ DRAIN_GRACE_SECONDS: '0' });
    const agent = new Agent({ keepAlive: true });
    expect((await predict(service.url, agent)).status).toBe(200);
    service.process.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(service.lines.at(-1)?.message).toBe('stopped');
    agent.destroy();
  });

  it('ends at once for a person: Ctrl-C waits for no balancer', async () => {
    const service = await ready({ DRAIN_GRACE_SECONDS: '6' });
    service.process.kill('SIGINT');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(service.lines).toContainEqual(expect.objectContaining({ message: 'draining', graceSeconds: 0 }));
  });
});
