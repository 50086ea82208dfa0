import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appServiceApi } from '../../../emulator/control-planes/app-service/api.ts';
import { type Listener, listen } from '../../../emulator/listen.ts';
import { accounts } from '../../../emulator/world.ts';
import { Checked } from '../../published/checked.ts';
import { type Bench, bench } from '../runtimes/fixture.ts';
import { constantTraffic } from '../runtimes/traffic.ts';
import { settled } from './settled.ts';

const app = `subscriptions/${accounts.azure.subscriptionId}/resourceGroups/trireme/providers/Microsoft.Web/sites/trireme-dev`;
let clouds: Bench;
let listener: Listener;
let checked: Checked;

beforeEach(async () => {
  clouds = await bench({ timeScale: 200 });
  checked = new Checked();
  listener = await listen(checked.rest(['azure-web', 'azure-monitor'], appServiceApi(clouds.host)));
});
afterEach(async () => {
  await listener.close();
  await clouds.stop();
  checked.assert();
});

// biome-ignore lint/suspicious/noExplicitAny: answers are read field by field, as any client of the API reads them
type Json = any;

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Json }> {
  const answer = await fetch(`${listener.url}/${path}?api-version=2025-05-01`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

function site(build: string, settings: Record<string, string> = {}): Record<string, unknown> {
  const appSettings = {
    PORT: '8080',
    WEBSITES_PORT: '8080',
    WEBSITE_WARMUP_PATH: '/ready',
    WEBSITE_WARMUP_STATUSES: '200',
    RELEASE_ID: build,
    ...settings,
  };
  return {
    location: 'westeurope',
    kind: 'app,linux,container',
    identity: { type: 'UserAssigned', userAssignedIdentities: {} },
    properties: {
      serverFarmId: '/plan',
      siteConfig: {
        linuxFxVersion: `DOCKER|triremeemulated.azurecr.io/app@sha256:${build}`,
        acrUseManagedIdentityCreds: true,
        appSettings: Object.entries(appSettings).map(([name, value]) => ({ name, value })),
      },
    },
  };
}

const logs = async (path = app): Promise<string> => String((await call('POST', `${path}/containerlogs`)).body);
const state = async (path = app): Promise<string> =>
  (await call('GET', `${path}/instances`)).body.value[0].properties.state;
const answering = (url: string, expected: string) =>
  settled(
    () => fetch(url).then((answer) => answer.text()),
    (text) => text === expected,
  );
const urlOf = (answer: { body: Json }) => `http://${answer.body.properties.defaultHostName}/`;

describe('App Service', () => {
  it('accepts a site at once and starts its container afterwards', async () => {
    const put = await call('PUT', app, site('a-good'));
    expect(put).toMatchObject({
      status: 200,
      body: {
        id: `/${app}`,
        type: 'Microsoft.Web/sites',
        properties: { state: 'Running', availabilityState: 'Normal', siteConfig: null, serverFarmId: '/plan' },
      },
    });
    expect((await fetch(urlOf(put))).status).toBe(503);
    await answering(urlOf(put), 'a-good 0');
    expect(await state()).toBe('READY');
    expect(await logs()).toContain('initialized successfully and is ready to serve requests');
    expect((await call('GET', `${app}/config/web`)).body.properties).toMatchObject({
      linuxFxVersion: 'DOCKER|triremeemulated.azurecr.io/app@sha256:a-good',
      acrUseManagedIdentityCreds: true,
      appSettings: null,
    });
    const { environment, headers } = (await (await fetch(`${urlOf(put)}environment`)).json()) as Json;
    expect(environment).toMatchObject({ RELEASE_ID: 'a-good', WEBSITE_SITE_NAME: 'trireme-dev' });
    expect(environment).not.toHaveProperty('WEBSITES_PORT');
    expect(headers['x-forwarded-for']).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('changes the image in overlap: no request is lost', async () => {
    const url = urlOf(await call('PUT', app, site('a-good')));
    await answering(url, 'a-good 0');
    const traffic = constantTraffic(url, 100);
    await call('PUT', app, site('b-good'));
    await answering(url, 'b-good 0');
    expect(Object.fromEntries((await traffic.stop()).losses)).toEqual({});
  });

  it.each([
    ['b-exits', 'has exited, failing site start'],
    ['b-never-ready', "didn't respond to HTTP pings on port: 8080, failing site start"],
    ['missing', 'Image pull failed'],
  ])('accepts a bad image (%s), and is dead while it says that it runs', async (bad, words) => {
    const url = urlOf(await call('PUT', app, site('a-good')));
    await answering(url, 'a-good 0');
    expect((await call('PUT', app, site(bad))).status).toBe(200);
    await settled(
      () => fetch(url),
      (answer) => answer.status === 503,
    );
    expect(await logs()).toContain(words);
    expect(await state()).toBe('STOPPED');
    expect((await call('GET', app)).body.properties).toMatchObject({ state: 'Running', availabilityState: 'Normal' });
    await expect.poll(() => clouds.host.pids()).toEqual([]);
    await call('PUT', app, site('c-good'));
    await answering(url, 'c-good 0');
  });

  it('gives a slot the percentage of production’s requests that its rules say, and takes it back without a request lost', async () => {
    const url = urlOf(await call('PUT', app, site('a-good')));
    const slot = urlOf(await call('PUT', `${app}/slots/candidate`, site('b-good')));
    await answering(url, 'a-good 0');
    await answering(slot, 'b-good 0');
    const rule = (percent: number) => ({
      properties: {
        experiments: {
          rampUpRules: [{ name: 'candidate', actionHostName: new URL(slot).host, reroutePercentage: percent }],
        },
      },
    });
    const traffic = constantTraffic(url, 100);
    const { status, body } = await call('PATCH', `${app}/config/web`, rule(25));
    expect({ status, rules: body.properties.experiments.rampUpRules }).toMatchObject({
      status: 200,
      rules: [{ reroutePercentage: 25 }],
    });
    const told = await Promise.all(Array.from({ length: 400 }, () => fetch(url).then((answer) => answer.text())));
    const share = told.filter((text) => text === 'b-good 0').length;
    // Six standard deviations of a binomial of 400 at a quarter.
    expect(Math.abs(share - 100)).toBeLessThan(6 * Math.sqrt(400 * 0.25 * 0.75));
    await call('PATCH', `${app}/config/web`, { properties: { experiments: { rampUpRules: [] } } });
    const after = await Promise.all(Array.from({ length: 40 }, () => fetch(url).then((answer) => answer.text())));
    expect(new Set(after)).toEqual(new Set(['a-good 0']));
    expect(Object.fromEntries((await traffic.stop()).losses)).toEqual({});
  });

  it('takes any answer for a start when no statuses are asked for', async () => {
    const body = site('a-never-ready', { WEBSITE_WARMUP_STATUSES: '200-599' });
    await answering(urlOf(await call('PUT', app, body)), 'a-never-ready 0');
  });

  it('never reaches a container that listens elsewhere than the platform looks', async () => {
    const url = urlOf(await call('PUT', app, site('a-good', { PORT: '3000' })));
    await settled(logs, (text) => text.includes("didn't respond to HTTP pings on port: 8080"));
    expect((await fetch(url)).status).toBe(503);
  });

  it('does not pull from a private registry without an identity', async () => {
    const body = site('a-good') as Json;
    body.properties.siteConfig.acrUseManagedIdentityCreds = false;
    await call('PUT', app, body);
    await settled(logs, (text) => text.includes('unauthorized: authentication required'));
  });

  it('gives a slot an address, a container and a life of its own', async () => {
    const production = urlOf(await call('PUT', app, site('a-good')));
    await answering(production, 'a-good 0');
    const slot = await call('PUT', `${app}/slots/candidate`, site('b-good'));
    expect(slot.body).toMatchObject({ name: 'trireme-dev/candidate', type: 'Microsoft.Web/sites/slots' });
    await answering(urlOf(slot), 'b-good 0');
    await call('PUT', `${app}/slots/candidate`, site('c-exits'));
    await settled(
      () => state(`${app}/slots/candidate`),
      (found) => found === 'STOPPED',
    );
    expect(await fetch(production).then((answer) => answer.text())).toBe('a-good 0');
    expect(await state()).toBe('READY');
    expect((await call('GET', `${app}/slots`)).body.value).toHaveLength(1);
    expect((await call('DELETE', app)).status).toBe(200);
    expect((await call('GET', `${app}/slots/candidate`)).status).toBe(404);
    expect(clouds.host.pids()).toEqual([]);
  });

  it('keeps app settings, restarts for them, stops and starts', async () => {
    const url = urlOf(await call('PUT', app, site('a-good')));
    await answering(url, 'a-good 0');
    const { properties } = (await call('POST', `${app}/config/appsettings/list`)).body;
    await call('PUT', `${app}/config/appsettings`, { properties: { ...properties, BUILD: 'told' } });
    await answering(url, 'told 0');
    await call('POST', `${app}/stop`);
    await settled(
      () => fetch(url),
      (answer) => answer.status === 503,
    );
    expect((await call('GET', app)).body.properties.state).toBe('Stopped');
    await call('POST', `${app}/start`);
    await answering(url, 'told 0');
  });

  it('lets the newest of several quick changes win', async () => {
    const url = urlOf(await call('PUT', app, site('a-never-ready')));
    await call('PUT', app, site('b-never-ready'));
    await call('PUT', app, site('c-good'));
    await answering(url, 'c-good 0');
    expect(clouds.host.pids()).toHaveLength(1);
  });

  it("answers what it does not know in the vendor's error shape", async () => {
    expect(await call('GET', app)).toMatchObject({ status: 404, body: { error: { code: 'ResourceNotFound' } } });
    expect(await call('PUT', `${app}/slots/x`, site('a-good'))).toMatchObject({ status: 404 });
    expect(await call('GET', 'subscriptions/x')).toMatchObject({
      status: 404,
      body: { error: { code: 'InvalidResourceType' } },
    });
    const unversioned = await fetch(`${listener.url}/${app}`);
    expect(await unversioned.json()).toMatchObject({ error: { code: 'MissingApiVersionParameter' } });
    await call('PUT', app, site('a-good'));
    expect(await call('POST', `${app}/slotsswap`, {})).toMatchObject({
      status: 404,
      body: { error: { code: 'NotFound' } },
    });
  });
});
