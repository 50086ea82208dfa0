import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cloud, clouds } from '../../contract/stack.ts';
import { emulatedAuthorization } from '../../emulator/registries/credentials.ts';
import { emulatedHosts, type RunningRegistry, startRegistries } from '../../emulator/registries/registry.ts';
import { registryVendors } from '../../emulator/registries/vendors.ts';
import { createRegistryClient, type RegistryClient } from '../../registry/client.ts';
import { blobFile, readLayout } from '../../registry/oci.ts';
import { publish } from '../../registry/publish.ts';
import { writeSampleLayout } from './sample-image.ts';

/** The fake login of whichever vendor's host it is. */
async function emulatedLogin(host: string): Promise<string | undefined> {
  const cloud = clouds.find((one) => registryVendors[one].hostPattern.test(host));
  return cloud === undefined ? undefined : emulatedAuthorization[cloud];
}

let folder: string;
let layout: string;
let digest: string;
let registries: Readonly<Record<Cloud, RunningRegistry>>;
let client: RegistryClient;
const servers: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-client-'));
  layout = join(folder, 'layout');
  digest = await writeSampleLayout(layout, [
    {
      entries: [
        { name: 'srv/golden.json', content: 'old' },
        { name: 'srv/gone.txt', content: 'x' },
      ],
    },
    { compression: 'none', entries: [{ name: './srv/main.js', content: '1' }, { name: 'srv/.wh.gone.txt' }] },
    { compression: 'zstd', entries: [{ name: 'srv/golden.json', content: 'new' }] },
  ]);
  registries = await startRegistries(join(folder, 'registries'));
  registries.aws.createRepository('trireme', { immutableTags: true });
  registries.gcp.createRepository('p/trireme');
  client = createRegistryClient({
    resolveHost: emulatedHosts(registries),
    authenticate: emulatedLogin,
    retryMilliseconds: 1,
  });
});
afterEach(async () => {
  client.close();
  await Promise.all([...clouds.map((cloud) => registries[cloud].stop()), ...servers.splice(0).map(stopServer)]);
  await rm(folder, { recursive: true, force: true });
});

const repositories = {
  aws: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme',
  gcp: 'europe-west1-docker.pkg.dev/p/trireme/app',
  azure: 'triremeemulated.azurecr.io/trireme',
};

/** A registry that misbehaves: each request is answered by the next of these, the last one from then on. */
async function badRegistry(...answers: RequestListener[]): Promise<{ client: RegistryClient; asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    request.resume();
    answer?.(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: createRegistryClient({ resolveHost: () => url, retryMilliseconds: 1 }), asked: () => asked };
}

function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

describe('a registry client', () => {
  it.each(clouds)('pushes a layout to %s under the digest it has on disk', async (cloud) => {
    expect(await client.pushLayout(layout, `${repositories[cloud]}:r1`)).toBe(digest);
    expect(await client.resolve(`${repositories[cloud]}:r1`)).toBe(digest);
    expect(await client.resolve(`${repositories[cloud]}@${digest}`)).toBe(digest);
    expect(await client.resolve(`${repositories[cloud]}:r2`)).toBeUndefined();
  });

  it('copies between registries without changing a byte', async () => {
    await client.pushLayout(layout, `${repositories.aws}:r1`);
    expect(await client.copy(`${repositories.aws}:r1`, `${repositories.gcp}:r1`)).toBe(digest);
    expect(await client.copy(`${repositories.gcp}@${digest}`, `${repositories.azure}@${digest}`)).toBe(digest);
    expect(await client.resolve(`${repositories.azure}@${digest}`)).toBe(digest);
  });

  it('copies within a registry by mounting', async () => {
    await client.pushLayout(layout, `${repositories.azure}:r1`);
    expect(await client.copy(`${repositories.azure}:r1`, 'triremeemulated.azurecr.io/other:r1')).toBe(digest);
  });

  it('pulls an image with every blob verified, and downloads nothing twice', async () => {
    await client.pushLayout(layout, `${repositories.aws}:r1`);
    const destination = join(folder, 'pulled');
    const image = await client.pullImage(`${repositories.aws}@${digest}`, destination);
    expect(image.config.config.WorkingDir).toBe('/srv');
    expect(image.layers).toHaveLength(3);
    for (const layer of image.layers) {
      expect(
        `sha256:${createHash('sha256')
          .update(await readFile(layer.path))
          .digest('hex')}`,
      ).toBe(layer.digest);
    }
    registries.aws.faults.alterLayer = true;
    await client.pullImage(`${repositories.aws}@${digest}`, destination);
    await writeFile(image.layers[0]?.path ?? '', 'damaged');
    await expect(client.pullImage(`${repositories.aws}@${digest}`, destination)).rejects.toMatchObject({
      code: 'digest-mismatch',
    });
    expect((await readdir(destination)).filter((name) => name.split('-').length > 2)).toEqual([]);
  });

  it('reads one file out of the layers, the topmost one, through any compression', async () => {
    await client.pushLayout(layout, `${repositories.gcp}:r1`);
    const read = async (path: string): Promise<string | undefined> =>
      (await client.readFile(`${repositories.gcp}@${digest}`, path))?.toString();
    expect(await read('srv/golden.json')).toBe('new');
    expect(await read('/srv/main.js')).toBe('1');
    expect(await read('srv/gone.txt')).toBeUndefined();
    expect(await read('srv/never.txt')).toBeUndefined();
  });

  it('refuses an altered layer with what was expected and what was found', async () => {
    await client.pushLayout(layout, `${repositories.gcp}:r1`);
    registries.gcp.faults.alterLayer = true;
    const expected = (await readLayout(layout)).image.layers[2]?.digest ?? '';
    const refusal = {
      code: 'digest-mismatch',
      message: expect.stringMatching(new RegExp(`expected ${expected}; found sha256:[0-9a-f]{64}`)),
    };
    await expect(client.readFile(`${repositories.gcp}@${digest}`, 'srv/golden.json')).rejects.toMatchObject(refusal);
    await expect(client.copy(`${repositories.gcp}:r1`, `${repositories.aws}:r1`)).rejects.toMatchObject({
      code: 'digest-mismatch',
    });
    expect(await client.resolve(`${repositories.aws}:r1`)).toBeUndefined();
  });

  it('refuses to push a layout that was altered on disk', async () => {
    const [first] = (await readLayout(layout)).image.layers;
    const file = blobFile(layout, first?.digest ?? '');
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
    await writeFile(file, bytes);
    await expect(client.pushLayout(layout, `${repositories.aws}:r1`)).rejects.toMatchObject({
      code: 'digest-mismatch',
    });
  });

  it('says that the repository is missing, and what to do', async () => {
    registries.aws.deleteRepository('trireme');
    await expect(client.pushLayout(layout, `${repositories.aws}:r1`)).rejects.toMatchObject({
      code: 'errored',
      message: expect.stringContaining('NAME_UNKNOWN'),
      hint: expect.stringContaining('foundation'),
    });
  });

  it('says that an image is missing', async () => {
    await expect(client.pullImage(`${repositories.gcp}@${digest}`, folder)).rejects.toMatchObject({ code: 'failed' });
  });

  it('says that no login is known', async () => {
    const anonymous = createRegistryClient({ resolveHost: emulatedHosts(registries) });
    await expect(anonymous.resolve(`${repositories.gcp}:r1`)).rejects.toMatchObject({
      code: 'errored',
      message: expect.stringContaining('asks for a login'),
    });
  });

  it('asks for a login once, and again when it has expired', async () => {
    let valid = 'Bearer one';
    const answers: RequestListener = (request, response) => {
      const status = request.headers.authorization === valid ? 404 : 401;
      response.writeHead(status, { 'www-authenticate': 'Bearer realm="x"' }).end();
    };
    const server = createServer(answers);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const challenges: string[] = [];
    const own = createRegistryClient({
      resolveHost: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      authenticate: async (host, challenge) => {
        challenges.push(`${host} ${challenge}`);
        return valid;
      },
    });
    await own.resolve('registry.test/a:1');
    await own.resolve('registry.test/a:2');
    expect(challenges).toEqual(['registry.test Bearer realm="x"']);
    valid = 'Bearer two';
    expect(await own.resolve('registry.test/a:1')).toBeUndefined();
    expect(challenges).toHaveLength(2);
  });

  it('sends its login to nobody it is redirected to', async () => {
    const seen: (string | undefined)[] = [];
    const store = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    servers.push(store);
    await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
    const elsewhere = `http://127.0.0.1:${(store.address() as AddressInfo).port}/object`;
    const server = createServer((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      else response.writeHead(307, { location: elsewhere }).end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const own = createRegistryClient({
      resolveHost: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      authenticate: async () => 'Basic secret',
    });
    await own.resolve('registry.test/a:1');
    expect(seen).toEqual([undefined]);
  });

  it('tries again when a registry stumbles', async () => {
    const bad = await badRegistry(
      (_request, response) => response.writeHead(503).end(),
      (request) => request.socket.destroy(),
      (_request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('cut');
        setTimeout(() => response.destroy(), 5);
      },
      (_request, response) => response.writeHead(404).end(),
    );
    expect(await bad.client.resolve('registry.test/a:1')).toBeUndefined();
    expect(bad.asked()).toBe(4);
  });

  it('gives up on a registry that stays away', async () => {
    const bad = await badRegistry((_request, response) =>
      response.writeHead(500).end('{"errors":[{"code":"UNKNOWN"}]}'),
    );
    await expect(bad.client.resolve('registry.test/a:1')).rejects.toMatchObject({
      code: 'cloud-unreachable',
      message: expect.stringContaining('HTTP 500 · UNKNOWN'),
    });
    expect(bad.asked()).toBe(5);
  });

  it('does not believe a registry that names another digest than it serves', async () => {
    const bad = await badRegistry((_request, response) =>
      response.writeHead(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }).end('{}'),
    );
    await expect(bad.client.resolve('registry.test/a:1')).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it('reads no manifest without an end', async () => {
    const bad = await badRegistry((_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 20)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(bad.client.resolve('registry.test/a:1')).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it.each(['trireme', 'host/', 'host/a@sha256:1', 'https://host/a:1', 'host/a'])(
    'refuses the reference %s',
    async (ref) => {
      await expect(client.resolve(ref)).rejects.toMatchObject({ code: 'usage' });
    },
  );
});

describe('publishing', () => {
  const all = clouds.map((cloud) => ({ cloud, repository: repositories[cloud] }));

  it('ends with the same digest in every registry', async () => {
    const published = await publish({ client, layout, repositories: all });
    expect(published.digest).toBe(digest);
    expect(published.copies).toEqual(all.map(({ cloud, repository }) => ({ cloud, ref: `${repository}@${digest}` })));
    expect(published.size).toBeGreaterThan(0);
    expect((await publish({ client, layout, repositories: all })).digest).toBe(digest);
  });

  it('works with one cloud alone', async () => {
    const published = await publish({ client, layout, repositories: all.slice(1, 2) });
    expect(published.copies).toEqual([{ cloud: 'gcp', ref: `${repositories.gcp}@${digest}` }]);
  });

  it('fails when a registry serves an altered layer to the copy', async () => {
    registries.aws.faults.alterLayer = true;
    await expect(publish({ client, layout, repositories: all })).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it('fails when a registry answers with another digest', async () => {
    const lying: RegistryClient = {
      ...client,
      resolve: async (ref) => (ref.includes('pkg.dev') ? `sha256:${'0'.repeat(64)}` : client.resolve(ref)),
    };
    await expect(publish({ client: lying, layout, repositories: all })).rejects.toMatchObject({
      code: 'digest-mismatch',
      message: expect.stringContaining('pkg.dev'),
    });
  });
});
