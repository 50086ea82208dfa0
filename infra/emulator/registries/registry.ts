// An emulated registry: one vendor's registry on a loopback port, with a store of its own on disk.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DeliveryError } from '../../contract/errors.ts';
import { type Cloud, clouds } from '../../contract/stack.ts';
import type { EmulatedRegistry } from '../world.ts';
import { distribution, type RegistryFaults } from './distribution.ts';
import { openStore } from './store.ts';
import { answerToken } from './tokens.ts';
import { registryVendors } from './vendors.ts';

export interface RunningRegistry extends EmulatedRegistry {
  readonly cloud: Cloud;
  /** For controls; all off. */
  readonly faults: RegistryFaults;
  /** Cuts what is under way; the store stays. */
  stop(): Promise<void>;
}

export interface RegistryOptions {
  /** Its store; made when missing, kept when it stops. */
  readonly folder: string;
  /** The host that resources name; the vendor's made-up account by default. */
  readonly host?: string;
  /** Loopback port; any free one by default. */
  readonly port?: number;
}

export async function startRegistry(cloud: Cloud, options: RegistryOptions): Promise<RunningRegistry> {
  const vendor = registryVendors[cloud];
  const host = options.host ?? vendor.host;
  const store = openStore(options.folder);
  const faults: RegistryFaults = { alterLayer: false };
  let url = '';
  const handle = distribution({ vendor, store, host, url: () => url, faults });
  const server = createServer((request, response) => {
    if (!answerToken(request, response)) handle(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  }).catch((cause: unknown) => {
    throw new DeliveryError('port-taken', `${host}: could not listen on port ${options.port}: ${String(cause)}`, {
      cause,
    });
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    cloud,
    host,
    url,
    faults,
    createRepository(name, { immutableTags = false } = {}) {
      if (store.repositories.has(name)) throw new Error(`repository ${name} exists already in ${host}`);
      store.createRepository(name, { immutableTags });
    },
    deleteRepository(name) {
      if (!store.repositories.has(name)) throw new Error(`repository ${name} does not exist in ${host}`);
      // What lies below an Artifact Registry repository goes with it.
      for (const one of store.repositories) {
        if (one === name || one.startsWith(`${name}/`)) store.deleteRepository(one);
      }
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One registry per cloud, each with its own folder below `folder`. */
export async function startRegistries(folder: string): Promise<Readonly<Record<Cloud, RunningRegistry>>> {
  const [aws, gcp, azure] = await Promise.all(
    clouds.map((cloud) => startRegistry(cloud, { folder: join(folder, cloud) })),
  );
  if (aws === undefined || gcp === undefined || azure === undefined) throw new Error('three clouds, three registries');
  return { aws, gcp, azure };
}

/**
 * Where a vendor's host really answers. Any account and region of a vendor is that vendor's emulated registry; a host of nobody is
 * refused, so that what runs against the emulated clouds never reaches a real one.
 */
export function emulatedHosts(
  registries: Readonly<Partial<Record<Cloud, Pick<RunningRegistry, 'host' | 'url'>>>>,
): (host: string) => string {
  return (host) => {
    for (const cloud of clouds) {
      const registry = registries[cloud];
      if (registry !== undefined && (registry.host === host || registryVendors[cloud].hostPattern.test(host))) {
        return registry.url;
      }
    }
    throw new DeliveryError('emulator-missing', `expected the host of an emulated registry; found \`${host}\``, {
      hint: 'real registries are not reached while the emulated clouds are used',
    });
  };
}
