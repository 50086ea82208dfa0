import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudRunApi } from '../../../emulator/control-planes/cloud-run/api.ts';
import { trafficFault } from '../../../emulator/control-planes/cloud-run/traffic.ts';
import { type Listener, listen } from '../../../emulator/listen.ts';
import { Checked } from '../../published/checked.ts';
import { type Bench, bench } from '../runtimes/fixture.ts';
import { constantTraffic } from '../runtimes/traffic.ts';
import { settled } from './settled.ts';

const services = 'v2/projects/trireme-emulated/locations/europe-west1/services';
let clouds: Bench;
let listener: Listener;
let checked: Checked;

beforeEach(async () => {
  clouds = await bench({ timeScale: 200 });
  checked = new Checked();
  listener = await listen(checked.rest(['gcp-run', 'gcp-secretmanager'], cloudRunApi(clouds.host)));
});
afterEach(async () => {
  await listener.close();
  await clouds.stop();
  checked.assert();
});

// biome-ignore lint/suspicious/noExplicitAny: answers are read field by field, as any client of the API reads them
type Json = any;

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Json }> {
  const answer = await fetch(`${listener.url}/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}

function service(build: string, template: Record<string, unknown> = {}) {
  return {
    template: {
      scaling: { minInstanceCount: 1 },
      containers: [
        {
          image: `europe-west1-docker.pkg.dev/trireme-emulated/trireme/app@sha256:${build}`,
          env: [{ name: 'RELEASE_ID', value: build }],
          startupProbe: { httpGet: { path: '/ready' }, periodSeconds: 1, failureThreshold: 30 },
        },
      ],
      ...template,
    },
    traffic: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }],
  };
}

/** Waits for the operation and gives back how it ended. */
async function done(started: { status: number; body: Json }): Promise<Json> {
  expect(started).toMatchObject({ status: 200, body: { name: expect.stringContaining('/operations/') } });
  return settled(
    async () => (await call('GET', `v2/${started.body.name}`)).body,
    (operation) => operation.done === true,
  );
}
const create = (build: string, template = {}) =>
  call('POST', `${services}?serviceId=trireme-dev`, service(build, template));
const update = (build: string, template = {}) => call('PATCH', `${services}/trireme-dev`, service(build, template));
const read = async () => (await call('GET', `${services}/trireme-dev`)).body;

describe('Cloud Run', () => {
  it('creates a service that answers, and shows it as the vendor does', async () => {
    const started = await create('a-good');
    expect(started.body.done).toBeUndefined();
    const during = await read();
    expect(during).toMatchObject({
      generation: '1',
      reconciling: true,
      terminalCondition: { state: 'CONDITION_RECONCILING' },
    });
    expect(during.observedGeneration).toBeUndefined();
    const { response } = await done(started);
    expect(response).toEqual({ '@type': 'type.googleapis.com/google.cloud.run.v2.Service', ...(await read()) });
    expect(response).toMatchObject({
      generation: '1',
      observedGeneration: '1',
      terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
      trafficStatuses: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }],
      latestReadyRevision: response.latestCreatedRevision,
    });
    expect(response.reconciling).toBeUndefined();
    const answer = await fetch(`${response.uri}/environment`);
    const { environment, headers } = (await answer.json()) as Json;
    const revision = response.latestReadyRevision.split('/').at(-1);
    expect(environment).toMatchObject({ RELEASE_ID: 'a-good', K_SERVICE: 'trireme-dev', K_REVISION: revision });
    expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect((await call('GET', `v2/${response.latestReadyRevision}`)).body).toMatchObject({
      name: response.latestReadyRevision,
      containers: [{ image: expect.stringMatching(/a-good$/) }],
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', state: 'CONDITION_SUCCEEDED' })]),
    });
  });

  it('moves all traffic to a new revision without losing a request', async () => {
    const { response } = await done(await create('a-good'));
    const traffic = constantTraffic(response.uri, 100);
    const { response: updated } = await done(await update('b-good'));
    await settled(
      () => fetch(updated.uri).then((answer) => answer.text()),
      (text) => text === 'b-good 0',
    );
    expect(Object.fromEntries((await traffic.stop()).losses)).toEqual({});
    expect(updated).toMatchObject({ generation: '2', observedGeneration: '2', uri: response.uri });
    expect(updated.latestReadyRevision).not.toBe(response.latestReadyRevision);
    const { revisions } = (await call('GET', `${services}/trireme-dev/revisions`)).body;
    expect(revisions.map((one: Json) => one.name)).toEqual([updated.latestReadyRevision, response.latestReadyRevision]);
  });

  it.each([
    ['b-exits', 'failed to start and listen on the port'],
    ['b-never-ready', 'startup probe'],
    ['missing', 'was not found'],
  ])('keeps serving the last good revision when an update (%s) fails, and says so', async (bad, words) => {
    const { response } = await done(await create('a-good'));
    const traffic = constantTraffic(response.uri, 50);
    const { error } = await done(await update(bad));
    expect(error).toMatchObject({ code: 9, message: expect.stringContaining(words) });
    const after = await read();
    expect(after).toMatchObject({
      generation: '2',
      observedGeneration: '2',
      terminalCondition: { type: 'Ready', state: 'CONDITION_FAILED', message: error.message },
      latestReadyRevision: response.latestReadyRevision,
    });
    expect(after.latestCreatedRevision).not.toBe(after.latestReadyRevision);
    expect((await call('GET', `v2/${after.latestCreatedRevision}`)).body.conditions[0]).toMatchObject({
      type: 'Ready',
      state: 'CONDITION_FAILED',
    });
    const tally = await traffic.stop();
    expect([tally.lost, [...tally.answers.keys()]]).toEqual([0, ['a-good 4']]);
    expect(clouds.host.pids()).toHaveLength(1);
  });

  it('leaves a service behind whose first revision failed; creating it again is refused, updating it works', async () => {
    const { error } = await done(await create('a-exits'));
    expect(error.code).toBe(9);
    const left = await read();
    expect(left).toMatchObject({ terminalCondition: { state: 'CONDITION_FAILED' } });
    expect([left.latestReadyRevision, left.trafficStatuses]).toEqual([undefined, undefined]);
    expect((await fetch(left.uri)).status).toBe(503);
    expect(await create('b-good')).toMatchObject({
      status: 409,
      body: { error: { code: 409, status: 'ALREADY_EXISTS' } },
    });
    expect((await done(await update('b-good'))).response.terminalCondition.state).toBe('CONDITION_SUCCEEDED');
    expect(await fetch(left.uri).then((answer) => answer.text())).toBe('b-good 0');
  });

  it.each([
    ['by its place', {}, {}],
    ['by its name', { revision: 'trireme-dev-one' }, { revision: 'trireme-dev-two' }],
  ])(
    'leaves a failed revision failed, asked for again %s, whatever has been mended since',
    async (_, first, second) => {
      const [container] = service('b-good').template.containers;
      const secretKeyRef = { secret: 'token', version: 'latest' };
      const containers = [{ ...container, env: [{ name: 'TOKEN', valueSource: { secretKeyRef } }] }];
      const { response } = await done(await create('a-good'));
      const { error } = await done(await update('b-good', { containers, ...first }));
      expect(error.message).toMatch(/token/);
      const secrets = 'v1/projects/trireme-emulated/secrets';
      await call('POST', `${secrets}?secretId=token`, { replication: { automatic: {} } });
      await call('POST', `${secrets}/token:addVersion`, { payload: { data: btoa('here now') } });

      const revisions = async () => (await call('GET', `${services}/trireme-dev/revisions`)).body.revisions.length;
      const pulled = clouds.pulled.length;
      expect((await done(await update('b-good', { containers, ...first }))).error).toEqual(error);
      expect([await revisions(), clouds.pulled.length]).toEqual([2, pulled]);
      expect((await read()).latestReadyRevision).toBe(response.latestReadyRevision);

      const again = await done(await update('b-good', { containers, annotations: { try: '2' }, ...second }));
      expect(again.response.terminalCondition.state).toBe('CONDITION_SUCCEEDED');
      expect(await revisions()).toBe(3);
    },
  );

  it('starts a revision again that something newer took the place of before it could tell', async () => {
    await done(await create('a-good'));
    const slow = await update('b-never-ready', { revision: 'trireme-dev-one' });
    const newer = await update('c-good', { revision: 'trireme-dev-two' });
    expect((await done(slow)).error.message).toMatch(/newer/);
    expect((await done(newer)).response.terminalCondition.state).toBe('CONDITION_SUCCEEDED');
    const conditions = async () =>
      (await call('GET', `${services}/trireme-dev/revisions/trireme-dev-one`)).body.conditions[0];
    expect(await conditions()).toMatchObject({ state: 'CONDITION_RECONCILING' });
    expect((await done(await update('b-never-ready', { revision: 'trireme-dev-one' }))).error.message).toMatch(/probe/);
    expect(await conditions()).toMatchObject({ state: 'CONDITION_FAILED' });
  });

  it('refuses a revision name that means something else already', async () => {
    await done(await create('a-good', { revision: 'trireme-dev-one' }));
    expect(await update('b-good', { revision: 'trireme-dev-one' })).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining('different configuration already exists') } },
    });
  });

  it('routes by percentages and tags without a request lost, and replaces nothing for it', async () => {
    const type = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
    const [one, two] = ['trireme-dev-one', 'trireme-dev-two'];
    const asked = (build: string, revision: string, traffic: unknown[]) => ({
      ...service(build, { revision }),
      traffic,
    });
    const put = async (body: unknown) => (await done(await call('PATCH', `${services}/trireme-dev`, body))).response;
    const all = { type, revision: one, percent: 100 };
    const created = await call('POST', `${services}?serviceId=trireme-dev`, asked('a-good', one, [all]));
    const { uri } = (await done(created)).response;
    const told = async (url: string, times: number) =>
      Promise.all(Array.from({ length: times }, async () => (await fetch(url)).text()));

    const traffic = constantTraffic(uri, 100);
    const beside = await put(asked('b-good', two, [all, { type, revision: two, tag: 'candidate' }]));
    expect(beside.trafficStatuses).toEqual([
      all,
      { type, revision: two, tag: 'candidate', uri: expect.stringMatching(/^http:\/\/127/) },
    ]);
    const tagged = beside.trafficStatuses[1].uri;
    expect(new Set(await told(uri, 40))).toEqual(new Set(['a-good 0']));
    expect(new Set(await told(tagged, 5))).toEqual(new Set(['b-good 0']));
    const pids = clouds.host.pids();

    const split = [
      { type, revision: one, percent: 80 },
      { type, revision: two, tag: 'candidate', percent: 20 },
    ];
    const shared = await put(asked('b-good', two, split));
    expect(shared.trafficStatuses[1]).toMatchObject({ percent: 20, uri: tagged });
    expect(clouds.host.pids()).toEqual(pids);
    const share = (await told(uri, 400)).filter((text) => text === 'b-good 0').length;
    // Six standard deviations of a binomial of 400 at a fifth.
    expect(Math.abs(share - 80)).toBeLessThan(6 * Math.sqrt(400 * 0.2 * 0.8));

    await put(asked('b-good', two, [{ type, revision: two, percent: 100 }]));
    expect(new Set(await told(uri, 40))).toEqual(new Set(['b-good 0']));
    expect((await fetch(tagged)).status).toBe(404);
    // The revision before it has stopped, and is started again by its name.
    const back = await put(asked('a-good', one, [all]));
    expect(back.trafficStatuses).toEqual([all]);
    expect(new Set(await told(uri, 40))).toEqual(new Set(['a-good 0']));
    expect((await call('GET', `${services}/trireme-dev/revisions`)).body.revisions).toHaveLength(2);
    expect(Object.fromEntries((await traffic.stop()).losses)).toEqual({});
  });

  it.each([
    ['does not add up', [{ revision: 'trireme-dev-one', percent: 90 }], /must be 100, got 90/],
    ['names what is not there', [{ revision: 'trireme-dev-none', percent: 100 }], /'trireme-dev-none' not found/],
    [
      'uses a tag twice',
      [
        { revision: 'trireme-dev-one', percent: 100, tag: 'a' },
        { revision: 'trireme-dev-one', tag: 'a' },
      ],
      /Tag 'a' is used more than once/,
    ],
    ['names no revision', [{ percent: 100 }], /revision must be set/],
  ])('refuses traffic that %s', (_what, targets, words) => {
    const asked = targets.map((target) => ({ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION' as const, ...target }));
    expect(trafficFault(asked, ['trireme-dev-one'])).toMatch(words);
  });

  it('refuses a revision name that does not begin with the service’s', async () => {
    expect(await create('a-good', { revision: 'other-one' })).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining("must begin with 'trireme-dev-'") } },
    });
  });

  it('makes no revision when the template stays the same', async () => {
    const { response } = await done(await create('a-good'));
    const relabelled = { ...service('a-good'), labels: { stack: 'gcp-dev' } };
    const { response: same } = await done(await call('PATCH', `${services}/trireme-dev`, relabelled));
    expect(same).toMatchObject({ labels: { stack: 'gcp-dev' }, latestReadyRevision: response.latestReadyRevision });
  });

  it('cuts a request at the timeout the template asks for', async () => {
    const { response } = await done(await create('a-good', { timeout: '1s' }));
    expect((await fetch(`${response.uri}/?wait=4000`)).status).toBe(504);
  });

  it('deletes a service: its address is gone and so are its processes', async () => {
    const { response } = await done(await create('a-good'));
    await done(await call('DELETE', `${services}/trireme-dev`));
    expect((await call('GET', `${services}/trireme-dev`)).status).toBe(404);
    await expect(fetch(response.uri)).rejects.toThrow();
    expect(clouds.host.pids()).toEqual([]);
    expect((await call('GET', services)).body).toEqual({ services: [] });
  });

  it.each([
    ['a misspelt field', { ...service('a-good'), trafic: [] }],
    [
      'traffic to a revision that is not there',
      {
        ...service('a-good'),
        traffic: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'x', percent: 100 }],
      },
    ],
    ['a timeout over an hour', service('a-good', { timeout: '3601s' })],
    ['no container', service('a-good', { containers: [] })],
  ])('refuses %s', async (_what, body) => {
    expect(await call('POST', `${services}?serviceId=trireme-dev`, body)).toMatchObject({
      status: 400,
      body: { error: { code: 400, status: 'INVALID_ARGUMENT', message: expect.stringMatching(/.{20}/) } },
    });
  });

  it("answers what it does not know in the vendor's error shape", async () => {
    expect(await call('GET', 'v2/projects/p/jobs')).toMatchObject({
      status: 404,
      body: { error: { status: 'NOT_FOUND' } },
    });
    expect(await call('GET', `${services}/none`)).toMatchObject({ status: 404, body: { error: { code: 404 } } });
  });
});
