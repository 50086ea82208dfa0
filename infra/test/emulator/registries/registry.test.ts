import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../contract/canonical.ts';
import { type Cloud, clouds } from '../../../contract/stack.ts';
import { basic, emulatedAuthorization } from '../../../emulator/registries/credentials.ts';
import {
  emulatedHosts,
  type RunningRegistry,
  startRegistries,
  startRegistry,
} from '../../../emulator/registries/registry.ts';

/** Where each vendor lets an image lie, and what has to be created for it. */
const places: Readonly<Record<Cloud, { image: string; created: string | undefined }>> = {
  aws: { image: 'trireme', created: 'trireme' },
  gcp: { image: 'p/trireme/app', created: 'p/trireme' },
  azure: { image: 'trireme', created: undefined },
};

let folder: string;
let registries: Readonly<Record<Cloud, RunningRegistry>>;
let names = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-registries-'));
  registries = await startRegistries(folder);
});
afterAll(async () => {
  await Promise.all(clouds.map((cloud) => registries[cloud].stop()));
  await rm(folder, { recursive: true, force: true });
});

async function ask(cloud: Cloud, method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: emulatedAuthorization[cloud], ...(init.headers as Record<string, string>) };
  return fetch(`${registries[cloud].url}${path}`, { redirect: 'manual', ...init, method, headers });
}

async function codeOf(response: Response): Promise<string | undefined> {
  const { errors } = (await response.json()) as { errors: { code: string }[] };
  return errors[0]?.code;
}

/** A repository of its own for each test. */
function place(cloud: Cloud, options: { immutableTags?: boolean } = {}): string {
  const unique = `r${++names}`;
  const { image, created } = places[cloud];
  if (created !== undefined) registries[cloud].createRepository(`${created}${unique}`, options);
  return created === undefined ? `${image}${unique}` : image.replace(created, `${created}${unique}`);
}

async function pushBlob(
  cloud: Cloud,
  name: string,
  content: string,
  digest: string = digestOf(content),
): Promise<Response> {
  const started = await ask(cloud, 'POST', `/v2/${name}/blobs/uploads/`);
  if (started.status !== 202) return started;
  return ask(cloud, 'PUT', `${started.headers.get('location')}?digest=${digest}`, { body: content });
}

async function pushImage(cloud: Cloud, name: string, tag: string, layer: string): Promise<Response> {
  await pushBlob(cloud, name, '{}');
  await pushBlob(cloud, name, layer);
  return putManifest(cloud, name, tag, ['{}', layer]);
}

function putManifest(
  cloud: Cloud,
  name: string,
  reference: string,
  [config, ...layers]: readonly string[],
): Promise<Response> {
  const describe = (content = ''): object => ({ mediaType: 'x', digest: digestOf(content), size: content.length });
  const body = JSON.stringify({ schemaVersion: 2, config: describe(config), layers: layers.map(describe) });
  const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
  return ask(cloud, 'PUT', `/v2/${name}/manifests/${reference}`, { headers, body });
}

describe.each(clouds)('the emulated registry of %s', (cloud) => {
  it('asks whoever brings no login for one, in its vendor’s way', async () => {
    const response = await fetch(`${registries[cloud].url}/v2/`);
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate') ?? '';
    expect(challenge).toMatch(cloud === 'aws' ? /^Basic realm=.*ecr\.amazonaws\.com/ : /^Bearer realm="http.*service=/);
    expect(await codeOf(response)).toBe('UNAUTHORIZED');
  });

  it('refuses a wrong login and takes the emulated one', async () => {
    const wrong = cloud === 'aws' ? basic('ada', 'secret') : 'Bearer stolen';
    expect((await ask(cloud, 'GET', '/v2/', { headers: { authorization: wrong } })).status).toBe(401);
    expect((await ask(cloud, 'GET', '/v2/')).status).toBe(200);
  });

  it('serves what was pushed, byte for byte', async () => {
    const name = place(cloud);
    const put = await pushImage(cloud, name, 'v1', 'layer');
    expect(put.status).toBe(201);
    const served = await ask(cloud, 'GET', `/v2/${name}/manifests/v1`);
    const bytes = Buffer.from(await served.arrayBuffer());
    const byDigest = await ask(cloud, 'GET', `/v2/${name}/manifests/${digestOf(bytes)}`);
    expect(Buffer.from(await byDigest.arrayBuffer())).toEqual(bytes);
    expect(await (await ask(cloud, 'GET', `/v2/${name}/blobs/${digestOf('layer')}`)).text()).toBe('layer');
    expect(await (await ask(cloud, 'GET', `/v2/${name}/tags/list`)).json()).toEqual({ name, tags: ['v1'] });
    expect(served.headers.get('docker-content-digest')).toBe(cloud === 'aws' ? null : digestOf(bytes));
  });

  it('refuses a blob whose bytes are not those of its digest', async () => {
    const name = place(cloud);
    const response = await pushBlob(cloud, name, 'altered', digestOf('original'));
    expect(response.status).toBe(400);
    expect(await codeOf(response)).toBe('DIGEST_INVALID');
    expect((await ask(cloud, 'HEAD', `/v2/${name}/blobs/${digestOf('original')}`)).status).toBe(404);
  });

  it('refuses a manifest that names a blob it does not have', async () => {
    const name = place(cloud);
    await pushBlob(cloud, name, '{}');
    const response = await putManifest(cloud, name, 'v1', ['{}', 'missing']);
    expect([response.status, await codeOf(response)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
  });

  it('refuses a manifest pushed under another digest', async () => {
    const name = place(cloud);
    await pushBlob(cloud, name, '{}');
    const response = await putManifest(cloud, name, digestOf('another'), ['{}']);
    expect([response.status, await codeOf(response)]).toEqual([400, 'DIGEST_INVALID']);
  });

  it('takes a blob in pieces and mounts it into another repository', async () => {
    const [name, other] = [place(cloud), place(cloud)];
    const location = (await ask(cloud, 'POST', `/v2/${name}/blobs/uploads/`)).headers.get('location') ?? '';
    const first = await ask(cloud, 'PATCH', location, { body: 'ab' });
    expect(first.headers.get('range')).toBe('0-1');
    const gap = await ask(cloud, 'PATCH', location, { body: 'x', headers: { 'content-range': '7-7' } });
    expect(gap.status).toBe(416);
    expect((await ask(cloud, 'PUT', `${location}?digest=${digestOf('abc')}`, { body: 'c' })).status).toBe(201);
    const mount = `/v2/${other}/blobs/uploads/?mount=${digestOf('abc')}&from=${encodeURIComponent(name)}`;
    expect((await ask(cloud, 'POST', mount)).status).toBe(201);
    expect(await (await ask(cloud, 'GET', `/v2/${other}/blobs/${digestOf('abc')}`)).text()).toBe('abc');
  });

  it('answers what it does not understand with an error of the specification', async () => {
    const name = place(cloud);
    for (const [method, path, status, code] of [
      ['GET', '/v1/search', 404, 'NAME_UNKNOWN'],
      ['GET', '/v2/_catalog', 404, 'UNSUPPORTED'],
      ['GET', '/v2/UPPER/manifests/x', 400, 'NAME_INVALID'],
      ['GET', `/v2/${name}/manifests/-bad`, 400, 'TAG_INVALID'],
      ['GET', `/v2/${name}/blobs/sha256:short`, 400, 'DIGEST_INVALID'],
      ['GET', '/v2/%zz/manifests/x', 404, 'NAME_UNKNOWN'],
      ['GET', '/v2/a/..%2f..%2fb/manifests/x', 400, 'NAME_INVALID'],
      ['DELETE', `/v2/${name}/manifests/x`, 405, 'UNSUPPORTED'],
      ['PUT', `/v2/${name}/blobs/uploads/..%2f..%2fetc?digest=${digestOf('')}`, 404, 'UNSUPPORTED'],
      ['PUT', `/v2/${name}/blobs/uploads/gone?digest=${digestOf('')}`, 404, 'BLOB_UPLOAD_UNKNOWN'],
    ] as const) {
      const response = await ask(cloud, method, path);
      expect([path, response.status, await codeOf(response)]).toEqual([path, status, code]);
    }
  });

  it('serves altered layers, and only layers, when it is told to', async () => {
    const name = place(cloud);
    await pushImage(cloud, name, 'v1', 'a layer');
    const blob = async (content: string): Promise<string> =>
      (await ask(cloud, 'GET', `/v2/${name}/blobs/${digestOf(content)}`)).text();
    registries[cloud].faults.alterLayer = true;
    try {
      const altered = await blob('a layer');
      expect(altered).not.toBe('a layer');
      expect(altered).toHaveLength('a layer'.length);
      expect(await blob('{}')).toBe('{}');
    } finally {
      registries[cloud].faults.alterLayer = false;
    }
    expect(await blob('a layer')).toBe('a layer');
  });
});

describe('vendors differ', () => {
  it.each(['aws', 'gcp'] as const)('%s refuses a push to a repository that nobody created', async (cloud) => {
    const response = await pushBlob(cloud, cloud === 'aws' ? 'nobody' : 'p/nobody/app', '{}');
    expect([response.status, await codeOf(response)]).toEqual([404, 'NAME_UNKNOWN']);
  });

  it('Azure creates a repository by being pushed to', async () => {
    expect((await pushImage('azure', 'brand/new', 'v1', 'layer')).status).toBe(201);
  });

  it.each(['aws', 'gcp'] as const)(
    '%s refuses to move an immutable tag, and takes the same image again',
    async (cloud) => {
      const name = place(cloud, { immutableTags: true });
      expect((await pushImage(cloud, name, 'v1', 'one')).status).toBe(201);
      expect((await pushImage(cloud, name, 'v1', 'one')).status).toBe(201);
      const moved = await pushImage(cloud, name, 'v1', 'two');
      expect([moved.status, await codeOf(moved)]).toEqual([400, 'TAG_INVALID']);
    },
  );

  it('a tag that is not immutable moves', async () => {
    const name = place('aws');
    await pushImage('aws', name, 'v1', 'one');
    expect((await pushImage('aws', name, 'v1', 'two')).status).toBe(201);
  });

  it('the token services beside the bearer registries give a token for the emulated credentials only', async () => {
    const { url } = registries.azure;
    const exchange = (token: string): Promise<Response> =>
      fetch(`${url}/oauth2/exchange`, { method: 'POST', body: new URLSearchParams({ access_token: token }) });
    expect((await exchange('emulated-entra')).status).toBe(200);
    expect((await exchange('stolen')).status).toBe(401);
    const token = await fetch(`${registries.gcp.url}/v2/token`, {
      headers: { authorization: basic('oauth2accesstoken', 'emulated') },
    });
    expect(await token.json()).toMatchObject({ token: expect.stringMatching(/^emulated/) });
  });
});

describe('a registry’s life', () => {
  it('keeps what it holds when it is started again', async () => {
    const own = join(folder, 'restarted');
    const first = await startRegistry('aws', { folder: own });
    first.createRepository('kept', { immutableTags: true });
    expect(() => first.createRepository('kept')).toThrow('exists already');
    await first.stop();
    const second = await startRegistry('aws', { folder: own });
    expect(() => second.createRepository('kept')).toThrow('exists already');
    second.deleteRepository('kept');
    expect(() => second.deleteRepository('kept')).toThrow('does not exist');
    await second.stop();
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(registries.aws.url).port);
    await expect(startRegistry('gcp', { folder: join(folder, 'taken'), port })).rejects.toMatchObject({
      code: 'port-taken',
    });
  });

  it('is found by any host of its vendor, and by no other', () => {
    const hosts = emulatedHosts(registries);
    expect(hosts('999999999999.dkr.ecr.us-east-1.amazonaws.com')).toBe(registries.aws.url);
    expect(hosts('us-docker.pkg.dev')).toBe(registries.gcp.url);
    expect(hosts('another.azurecr.io')).toBe(registries.azure.url);
    expect(() => hosts('ghcr.io')).toThrow(expect.objectContaining({ code: 'emulator-missing' }));
    expect(() => emulatedHosts({})('us-docker.pkg.dev')).toThrow('expected the host of an emulated registry');
  });
});
