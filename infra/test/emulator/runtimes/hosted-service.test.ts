import { afterEach, describe, expect, it } from 'vitest';
import { HostedService } from '../../../emulator/runtimes/hosted-service.ts';
import { Revision } from '../../../emulator/runtimes/revision.ts';
import { type Bench, bench, container, rules } from './fixture.ts';
import { constantTraffic } from './traffic.ts';

let open: Bench | undefined;
afterEach(async () => {
  await open?.stop();
  open = undefined;
});

async function service(build: string, options: Parameters<typeof bench>[0] = {}, changes = {}) {
  open = await bench(options);
  const hosted = await HostedService.open(open.host, 'gcp', 'app', rules);
  const never = new AbortController().signal;
  const replace = (next: string, nextRules = rules) =>
    hosted.replace({ name: next, container: container(next, changes), rules: nextRules }, never);
  expect(await replace(build)).toBeUndefined();
  return { hosted, replace, opened: open };
}

async function pidsGone(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(alive)).toEqual([]);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('replacing a revision', () => {
  it.each(['good', 'closes', 'short-idle', 'rude'])(
    'loses no request under constant load, with instances that behave %s',
    async (behaviour) => {
      const { hosted, replace } = await service(`a-${behaviour}`, {}, { instances: 2 });
      const traffic = constantTraffic(`${hosted.url}/?wait=5`, 150);
      await traffic.answered(`a-${behaviour} 4`, 10);
      for (const next of [`b-${behaviour}`, `c-${behaviour}`]) {
        expect(await replace(next)).toBeUndefined();
        await traffic.answered(`${next} 4`, 10);
      }
      const tally = await traffic.stop();
      expect(Object.fromEntries(tally.losses)).toEqual({});
      expect([...tally.answers.keys()]).toEqual([`a-${behaviour} 4`, `b-${behaviour} 4`, `c-${behaviour} 4`]);
    },
  );

  it('loses requests when draining is switched off, so that the test above can fail', async () => {
    const { hosted, replace } = await service('a-good', { faults: { drain: 'off', staleImage: [] } });
    // Each takes longer than it is until the next: some are always under way.
    const traffic = constantTraffic(`${hosted.url}/?wait=300`, 50);
    await traffic.answered('a-good 4');
    expect(await replace('b-good')).toBeUndefined();
    expect((await traffic.stop()).lost).toBeGreaterThan(0);
  });

  it('lets a request under way end before its instance goes', async () => {
    const { hosted, replace } = await service('a-good');
    const slow = fetch(`${hosted.url}/?wait=1500`).then((answer) => answer.text());
    expect(await replace('b-good')).toBeUndefined();
    expect(await fetch(hosted.url).then((answer) => answer.text())).toBe('b-good 0');
    expect(await slow).toBe('a-good 0');
  });

  it('keeps the old revision serving, and nothing of the new one, when that never becomes ready', async () => {
    const { hosted, replace, opened } = await service('a-good');
    const before = opened.host.pids();
    expect(await replace('b-exits')).toMatchObject({
      kind: 'exited',
      reason: expect.stringContaining('exited with code 1: setting MISSING is required'),
    });
    expect(await fetch(hosted.url).then((answer) => answer.text())).toBe('a-good 0');
    expect(opened.host.pids()).toEqual(before);
  });

  it('kills what ignores SIGTERM once the drain time is over', async () => {
    const { replace, opened } = await service('a-stubborn', {}, { drainSeconds: 1 });
    const old = opened.host.pids();
    expect(await replace('b-good')).toBeUndefined();
    await pidsGone(old);
  });

  it('runs the previous bytes under the new name when told to misbehave so', async () => {
    const { hosted, replace, opened } = await service('a-good', { faults: { drain: 'on', staleImage: ['gcp'] } });
    expect(await replace('b-good')).toBeUndefined();
    expect(await fetch(hosted.url).then((answer) => answer.text())).toBe('a-good 0');
    expect(hosted.live?.container.imageRef).toBe('registry.example/app:b-good');
    expect(opened.pulled).toEqual(['registry.example/app:a-good', 'registry.example/app:a-good']);
  });
});

describe('shares of the requests', () => {
  const never = new AbortController().signal;
  const saying = async (url: string) => (await (await fetch(url)).text()).split(' ')[0];
  async function beside(build: string) {
    const { hosted, opened } = await service('a-good');
    const started = await hosted.start({ name: build, container: container(build), rules }, never);
    if (!(started instanceof Revision) || hosted.live === undefined) throw new Error('expected two revisions');
    return { hosted, opened, old: hosted.live, next: started };
  }

  it('go to nobody who was only started, save at its own address', async () => {
    const { hosted, old, next } = await beside('b-good');
    const url = await hosted.address('candidate', next);
    expect(url).not.toBe(hosted.url);
    for (let time = 0; time < 20; time++) expect(await saying(hosted.url)).toBe('a-good');
    expect(await saying(url)).toBe('b-good');
    expect(await hosted.address('candidate', old)).toBe(url);
    expect(await saying(url)).toBe('a-good');
    await hosted.address('candidate', undefined);
    expect((await fetch(url)).status).toBe(404);
  });

  it('are what they are said to be, within what chance allows, and are counted for whoever answered', async () => {
    const { hosted, old, next } = await beside('b-good');
    await hosted.split([
      [old, 75],
      [next, 25],
    ]);
    expect(hosted.live).toBe(old);
    const told = await Promise.all(Array.from({ length: 800 }, () => saying(hosted.url)));
    const share = told.filter((one) => one === 'b-good').length;
    // Six standard deviations of a binomial of 800 at a quarter.
    expect(Math.abs(share - 200)).toBeLessThan(6 * Math.sqrt(800 * 0.25 * 0.75));
    const metered = hosted.meter.between(0, Number.MAX_SAFE_INTEGER).filter(({ revision }) => revision === 'b-good');
    expect(metered.reduce((sum, { requests }) => sum + requests, 0)).toBe(share);
  });

  it('move back and forth without a request lost, and who has none any more is drained', async () => {
    const { hosted, opened, old, next } = await beside('b-good');
    const traffic = constantTraffic(`${hosted.url}/?wait=5`, 150);
    for (const weight of [10, 50, 0]) {
      const shares = [[old, 100 - weight] as const, ...(weight === 0 ? [] : [[next, weight] as const])];
      await hosted.split(shares);
      await traffic.answered('a-good 4', 5);
      if (weight > 0) await traffic.answered('b-good 4', 5);
    }
    const tally = await traffic.stop();
    expect(Object.fromEntries(tally.losses)).toEqual({});
    expect([...tally.answers.keys()].sort()).toEqual(['a-good 4', 'b-good 4']);
    await expect.poll(() => opened.host.pids().length).toBe(1);
  });

  it('can be another service’s, which counts them', async () => {
    const { hosted, opened } = await service('a-good');
    const other = await HostedService.open(opened.host, 'gcp', 'other', rules);
    expect(await other.replace({ name: 'b', container: container('b-good'), rules }, never)).toBeUndefined();
    hosted.divert([[other, 40]]);
    const told = await Promise.all(Array.from({ length: 300 }, () => saying(hosted.url)));
    const share = told.filter((one) => one === 'b-good').length;
    expect(Math.abs(share - 120)).toBeLessThan(6 * Math.sqrt(300 * 0.4 * 0.6));
    const requests = other.meter.between(0, Number.MAX_SAFE_INTEGER).reduce((sum, one) => sum + one.requests, 0);
    expect(requests).toBe(share);
    hosted.divert([]);
    expect(new Set(await Promise.all(Array.from({ length: 50 }, () => saying(hosted.url))))).toEqual(
      new Set(['a-good']),
    );
  });
});

describe('a start that fails', () => {
  it.each([
    ['x-missing-image', 'missing', 'image', 'was not found'],
    ['x-never-ready', 'x-never-ready', 'not-ready', '/ready answered 503'],
    ['x-silent', 'x-silent', 'not-ready', 'nothing listens on the port'],
  ])('says why for %s', async (_name, build, kind, reason) => {
    open = await bench();
    const hosted = await HostedService.open(open.host, 'aws', 'app', rules);
    const bad = container(build, { probe: { ...container('a').probe, limitSeconds: 1.5 } });
    const failure = await hosted.replace({ name: build, container: bad, rules }, new AbortController().signal);
    expect(failure).toMatchObject({ kind, reason: expect.stringContaining(reason) });
    expect(open.host.pids()).toEqual([]);
    expect((await fetch(hosted.url)).status).toBe(503);
  });

  it('finds a container unreachable that listens on another port than the platform looks at', async () => {
    open = await bench();
    const hosted = await HostedService.open(open.host, 'azure', 'app', rules);
    const probe = { ...container('a').probe, limitSeconds: 1.5 };
    const elsewhere = container('a-good', { injectsPort: false, variables: { PORT: '3000' }, probe });
    const failure = await hosted.replace({ name: 'a', container: elsewhere, rules }, new AbortController().signal);
    expect(failure).toMatchObject({ kind: 'not-ready', reason: expect.stringContaining('nothing listens') });
  });

  it('ends at once when something newer takes its place', async () => {
    open = await bench();
    const hosted = await HostedService.open(open.host, 'azure', 'app', rules);
    const newer = new AbortController();
    const attempt = hosted.replace({ name: 'a', container: container('a-never-ready'), rules }, newer.signal);
    await expect.poll(() => open?.host.pids().length).toBe(1);
    newer.abort();
    expect(await attempt).toMatchObject({ kind: 'cancelled' });
    expect(open.host.pids()).toEqual([]);
  });
});

describe('an instance', () => {
  it('sees its own variables, the vendor headers and nothing of the emulator', async () => {
    const { hosted } = await service('a-good', {}, { variables: { K_SERVICE: 'app' } });
    const seen = await fetch(`${hosted.url}/environment`, { headers: { 'x-request-id': 'mine' } });
    const { environment, headers, cwd, execArgv } = (await seen.json()) as {
      environment: Record<string, string>;
      headers: Record<string, string>;
      cwd: string;
      execArgv: string[];
    };
    expect(Object.keys(environment).sort()).toEqual(['BEHAVIOUR', 'BUILD', 'HOST', 'K_SERVICE', 'PATH', 'PORT']);
    expect(headers['x-request-id']).toBe('from the front door');
    expect(cwd).toMatch(/a-good\/srv$/);
    expect(execArgv).toEqual([]);
  });

  it('is replaced when it crashes, while the other goes on answering', async () => {
    const { hosted, opened } = await service('a-good', {}, { instances: 2 });
    const before = opened.host.pids();
    await fetch(`${hosted.url}/crash`).then((answer) => expect(answer.status).toBe(502));
    expect((await fetch(hosted.url)).status).toBe(200);
    await expect.poll(() => hosted.live?.backends().length).toBe(2);
    expect(opened.host.pids().filter((pid) => !before.includes(pid))).toHaveLength(1);
    expect(hosted.log.lines().join()).toContain('exited with code 3');
  });

  it('is gone within seconds when everything stops, whatever it does', async () => {
    const { opened } = await service('a-stubborn', {}, { instances: 2 });
    const pids = opened.host.pids();
    expect(pids).toHaveLength(2);
    await opened.host.stop(0.5);
    await pidsGone(pids);
  });
});

describe('the front door', () => {
  it('cuts a request at the deadline with 504', async () => {
    const { hosted, replace } = await service('a-good');
    await replace('b-good', { ...rules, requestDeadlineSeconds: 0.3 });
    expect((await fetch(`${hosted.url}/?wait=5000`)).status).toBe(504);
    expect((await fetch(hosted.url)).status).toBe(200);
  });

  it('refuses a body over the limit with 413, declared or streamed', async () => {
    const { hosted, replace } = await service('a-good');
    await replace('b-good', { ...rules, bodyLimitBytes: 100_000 });
    const post = (body: Buffer | ReadableStream) =>
      fetch(hosted.url, { method: 'POST', body, duplex: 'half' } as RequestInit);
    const streamed = (bytes: number) =>
      new ReadableStream({
        start(controller) {
          for (let sent = 0; sent < bytes; sent += 10_000) controller.enqueue(new Uint8Array(10_000));
          controller.close();
        },
      });
    expect((await post(Buffer.alloc(100_001))).status).toBe(413);
    expect((await post(streamed(200_000))).status).toBe(413);
    expect(await (await post(Buffer.alloc(100_000))).text()).toBe('b-good 100000');
    expect(await (await post(streamed(90_000))).text()).toBe('b-good 90000');
  });

  it('passes large bodies on unchanged in size', async () => {
    const { hosted } = await service('a-good');
    const answer = await fetch(hosted.url, { method: 'POST', body: Buffer.alloc(3_000_000) });
    expect(await answer.text()).toBe('a-good 3000000');
  });

  it('gives up its address when the service is deleted', async () => {
    const { hosted, opened } = await service('a-good');
    await hosted.close();
    await expect(fetch(hosted.url)).rejects.toThrow();
    expect(opened.host.pids()).toEqual([]);
  });
});
