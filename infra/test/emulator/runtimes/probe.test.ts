import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../emulator/runtimes/free-port.ts';
import { probeUntilReady, type ScaledProbe, scaledProbe } from '../../../emulator/runtimes/probe.ts';
import { container } from './fixture.ts';

const probe = { ...container('a').probe, initialDelaySeconds: 4, periodSeconds: 10, limitSeconds: 230 };

describe('the start probe under a time scale', () => {
  it.each([
    [1, { initialDelaySeconds: 4, periodSeconds: 10, limitSeconds: 230, silentSeconds: 230 }],
    [10, { initialDelaySeconds: 0.4, periodSeconds: 1, limitSeconds: 23, silentSeconds: 23 }],
    // The limit stops shrinking where a process would not have started yet, the period where probing would be work.
    [200, { initialDelaySeconds: 0.02, periodSeconds: 0.1, limitSeconds: 8, silentSeconds: 12 }],
  ])('waits %d times less, within what a process needs', (timeScale, expected) => {
    const scaled = scaledProbe(probe, timeScale, { startSeconds: 8, silentSeconds: 12 });
    expect(scaled).toMatchObject(expected);
    expect(scaled.timeoutSeconds).toBe(probe.timeoutSeconds);
  });

  it('never gives more time than the service asked for', () => {
    const short = { ...probe, limitSeconds: 5, periodSeconds: 0.05 };
    expect(scaledProbe(short, 50, { startSeconds: 8, silentSeconds: 12 })).toMatchObject({
      limitSeconds: 5,
      silentSeconds: 5,
      periodSeconds: 0.05,
    });
  });
});

describe('a start that is slow only because the machine is', () => {
  const probing: ScaledProbe = {
    target: { kind: 'http', path: '/ready', accepts: (status) => status === 200 },
    initialDelaySeconds: 0,
    periodSeconds: 0.02,
    timeoutSeconds: 2,
    limitSeconds: 0.1,
    silentSeconds: 60,
  };
  let server: Server;
  afterEach(() => new Promise((closed) => server.close(closed)));

  it('is not over while the process has said nothing', async () => {
    server = createServer((_request, response) => response.end());
    const port = await freePort();
    setTimeout(() => server.listen(port, '127.0.0.1'), 400);
    expect(await probeUntilReady(port, probing, new AbortController().signal)).toBeUndefined();
  });

  it('is over soon once the process answers that it is not ready', async () => {
    server = createServer((_request, response) => response.writeHead(503).end());
    const port = await freePort();
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
    expect(await probeUntilReady(port, probing, new AbortController().signal)).toBe('/ready answered 503');
  });
});
