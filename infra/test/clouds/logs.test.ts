// Readers, wire and runtimes together: what a real process and its platform said comes back, by time, whoever lived or died.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudWatchLogReader } from '../../clouds/aws/log-reader.ts';
import { linesIn } from '../../clouds/azure/app-service/logs.ts';
import { logReaders } from '../../clouds/index.ts';
import { mostLines } from '../../clouds/logs.ts';
import { cloudLoggingApi } from '../../emulator/control-planes/logs/cloud-logging.ts';
import { cloudWatchLogsApi } from '../../emulator/control-planes/logs/cloud-watch.ts';
import { type Listener, listen } from '../../emulator/listen.ts';
import { HostedService } from '../../emulator/runtimes/hosted-service.ts';
import type { Handler } from '../../emulator/world.ts';
import { type Bench, bench, container, rules } from '../emulator/runtimes/fixture.ts';
import { clock } from './emulated-clouds.ts';

let clouds: Bench;
let listeners: Listener[];

beforeEach(async () => {
  clouds = await bench({ timeScale: 200 });
  listeners = [];
});
afterEach(async () => {
  await Promise.all(listeners.map((one) => one.close()));
  await clouds.stop();
});

async function at(handler: Handler): Promise<string> {
  const listener = await listen(handler);
  listeners.push(listener);
  return listener.url;
}

let pages: number;
/** The vendor's own wire, with fewer lines on a page than anybody would write for a test: a page may always be shorter than was asked for. */
function inShortPages(handler: Handler, size: 'limit' | 'pageSize'): Handler {
  return (request) => {
    pages += 1;
    const asked: Record<string, unknown> = JSON.parse(request.body.toString('utf8'));
    return handler({ ...request, body: Buffer.from(JSON.stringify({ ...asked, [size]: 60 })) });
  };
}

async function readers(arm: Handler) {
  return logReaders({
    variables: {
      TRIREME_EMULATOR: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: await at(inShortPages(cloudWatchLogsApi(clouds.host), 'limit')),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: `${await at(inShortPages(cloudLoggingApi(clouds.host), 'pageSize'))}/`,
      TRIREME_ARM_ENDPOINT: await at(arm),
    },
    clock,
    timeScale: 200,
  });
}

const arn = 'arn:aws:apprunner:eu-west-1:123456789012:service/trireme-dev/0123456789abcdef0123456789abcdef';
const cloudRunService = 'projects/trireme-emulated/locations/europe-west1/services/trireme-dev';
const deployed = (coordinates: Record<string, string>) => ({
  endpoint: '',
  revision: '',
  coordinates,
  release: { releaseId: '', imageDigest: '', buildId: '', imageRef: '' },
});
const everything = () => ({ fromMs: 0, toMs: Date.now() + 1000 });
const nothing: Handler = async () => ({ status: 204 });

describe.each([
  ['app-runner', 'aws', deployed({ serviceArn: arn })],
  ['cloud-run', 'gcp', deployed({ service: cloudRunService })],
] as const)('%s', (runtime, cloud, service) => {
  async function hosted(): Promise<HostedService> {
    const one = await HostedService.open(clouds.host, cloud, 'trireme-dev', rules);
    one.resource = cloud === 'aws' ? arn : cloudRunService;
    const group = `/aws/apprunner/${arn.split('/').slice(1).join('/')}`;
    if (cloud === 'aws') one.logGroups = { [`${group}/service`]: 'platform', [`${group}/application`]: 'container' };
    return one;
  }

  it('tells what a container wrote before it died, and what the platform made of it, oldest first', async () => {
    const { [runtime]: reader } = await readers(nothing);
    const one = await hosted();
    one.say('Deploying');
    const begun = { name: 'r1', container: container('b-exits'), rules };
    expect(await one.replace(begun, new AbortController().signal)).toMatchObject({ kind: 'exited' });
    one.say('Deployment failed');
    const lines = await reader.read(service, everything());
    expect(lines.map(({ from }) => from)).toEqual(expect.arrayContaining(['platform', 'container']));
    expect(lines[0]).toMatchObject({ from: 'platform', text: 'Deploying' });
    expect(lines.at(-1)).toMatchObject({ from: 'platform', text: 'Deployment failed' });
    const times = lines.map(({ atMs = Number.NaN }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('tells of the span that was asked for, however many pages that takes', async () => {
    pages = 0;
    const { [runtime]: reader } = await readers(nothing);
    const one = await hosted();
    for (let index = 0; index < 150; index++) one.say(`line ${index}`);
    const lines = await reader.read(service, everything());
    expect(lines.filter(({ text }) => text.startsWith('line '))).toHaveLength(150);
    expect(pages).toBeGreaterThan(2);
    expect(await reader.read(service, { fromMs: 0, toMs: 1000 })).toEqual([]);
  });

  it('has no lines where nobody said anything yet', async () => {
    const { [runtime]: reader } = await readers(nothing);
    await hosted();
    expect(await reader.read(service, everything())).toEqual([]);
  });
});

it('CloudWatch: of more lines than anybody reads the newest are kept, on whichever page they come', async () => {
  const pages = [6000, 6000, 1];
  const many: Handler = async ({ body }) => {
    const page = Number(JSON.parse(body.toString('utf8')).nextToken ?? 0);
    const message = (index: number) => `page ${page} line ${index}`;
    const events = Array.from({ length: pages[page] ?? 0 }, (_, index) => ({
      timestamp: page,
      message: message(index),
    }));
    const nextToken = page + 1 < pages.length ? { nextToken: String(page + 1) } : {};
    return { status: 200, body: JSON.stringify({ events, ...nextToken }) };
  };
  const groups = () => ({ region: 'eu-west-1', groups: [{ name: 'g', from: 'container' as const }] });
  const reader = cloudWatchLogReader('App Runner', { endpoint: await at(many) }, groups);
  const lines = await reader.read(deployed({ serviceArn: arn }), everything());
  expect(lines).toHaveLength(mostLines);
  expect(lines.at(-1)?.text).toBe('page 2 line 0');
});

describe('App Service', () => {
  const site = deployed({ site: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a' });
  const slot = `${site.coordinates.site}/slots/candidate`;

  it('tells platform and container apart, and gives a line without a time that of the line before it', () => {
    const text = '2026-11-21T10:00:00.000Z INFO  - Pulling image\nlistening\n2026-11-21T10:00:02.000Z ready\n';
    expect(linesIn(text)).toEqual([
      { atMs: Date.parse('2026-11-21T10:00:00Z'), from: 'platform', text: 'INFO  - Pulling image' },
      { atMs: Date.parse('2026-11-21T10:00:00Z'), from: 'container', text: 'listening' },
      { atMs: Date.parse('2026-11-21T10:00:02Z'), from: 'container', text: 'ready' },
    ]);
  });

  it('tells of the slot too, while there is one, and which lines are its own', async () => {
    const said: Record<string, string> = {
      [site.coordinates.site ?? '']: '2026-11-21T10:00:00.000Z live\n2026-11-21T10:00:02.000Z live again\n',
      [slot]: '2026-11-21T10:00:01.000Z INFO  - Pulling image\nlistening\n',
    };
    const { 'app-service': reader } = await readers(async ({ url }) => {
      const body = said[url.replace(/\/containerlogs\?.*$/, '')];
      return body === undefined ? { status: 404 } : { status: 200, body };
    });
    const both = deployed({ ...site.coordinates, slot });
    expect((await reader.read(both, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })).map(({ text }) => text)).toEqual([
      'live',
      '[candidate] INFO  - Pulling image',
      '[candidate] listening',
      'live again',
    ]);
    const alone = await reader.read(site, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER });
    expect(alone.map(({ text }) => text)).toEqual(['live', 'live again']);
  });

  it('has no lines before the first one', async () => {
    const { 'app-service': reader } = await readers(nothing);
    expect(await reader.read(site, everything())).toEqual([]);
  });

  it.each([
    [403, 'errored', /Microsoft.Web\/sites\/containerlogs\/action/],
    [503, 'cloud-unreachable', /run the command again/],
  ])('says what a refusal of %d means', async (status, code, hint) => {
    const { 'app-service': reader } = await readers(async () => ({
      status,
      body: JSON.stringify({ error: { code: 'X', message: 'no' } }),
    }));
    await expect(reader.read(site, everything())).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) });
  });
});
