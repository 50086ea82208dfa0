// The registries of the clouds: the emulated ones behind their vendors' names, or the vendors' own with the logins their clouds hand out.
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import { golden, goldenSchema } from '../contract/golden.ts';
import type { Goldens } from '../contract/ports.ts';
import { copyFor, modelWord, parseDocument } from '../contract/release.ts';
import { clouds } from '../contract/stack.ts';
import { workingFolder } from '../image/modules-layer.ts';
import { createRegistryClient, type RegistryClient } from '../registry/client.ts';
import type { CliEnvironment, Variables } from './environment.ts';

/** One client for all of them; the host decides which login is used. */
export async function openRegistries(environment: CliEnvironment): Promise<RegistryClient> {
  return environment.emulated === undefined
    ? realRegistries(environment.variables)
    : emulatedRegistries(environment.variables);
}

async function realRegistries(variables: Variables): Promise<RegistryClient> {
  const { registryLogin } = await import('../clouds/index.ts');
  return createRegistryClient({ authenticate: registryLogin(variables) });
}

/** `TRIREME_REGISTRY_HOSTS` names where each vendor's host really answers: `host=url,host=url`. */
async function emulatedRegistries({ TRIREME_REGISTRY_HOSTS = '' }: Variables): Promise<RegistryClient> {
  const [{ emulatedAuthorization }, { cloudRegistry }] = await Promise.all([
    import('../emulator/registries/credentials.ts'),
    import('../clouds/index.ts'),
  ]);
  const hosts = new Map(
    TRIREME_REGISTRY_HOSTS.split(',').flatMap((pair): [string, string][] => {
      const [host, url] = pair.split('=', 2);
      return host === undefined || url === undefined ? [] : [[host, url]];
    }),
  );
  return createRegistryClient({
    resolveHost: (host) => {
      const url = hosts.get(host);
      if (url !== undefined) return url;
      throw new DeliveryError('emulator-missing', `expected the host of an emulated registry; found \`${host}\``, {
        hint: 'real registries are not reached while the emulated clouds run: npx trireme emulator down',
      });
    },
    authenticate: async (host) => {
      const cloud = clouds.find((one) => cloudRegistry[one].registryHost.test(host));
      return cloud === undefined ? undefined : emulatedAuthorization[cloud];
    },
  });
}

/** Golden predictions as the image in that cloud's own registry holds them; each is read once. */
export function goldensIn(client: Pick<RegistryClient, 'readFile'>): Goldens {
  const read = new Map<string, ReturnType<Goldens['read']>>();
  return {
    read(manifest, cloud) {
      const ref = copyFor(manifest, cloud);
      const known = read.get(ref) ?? goldensOf(client, ref, manifest.models.map(modelWord));
      read.set(ref, known);
      known.catch(() => read.delete(ref));
      return known;
    },
  };
}

async function goldensOf(client: Pick<RegistryClient, 'readFile'>, ref: string, models: readonly string[]) {
  const [first, ...others] = await Promise.all(models.map((model) => goldenOf(client, ref, model)));
  if (first === undefined || others.length === 0) return first === undefined ? [] : [first];
  const isServed = await statesModels(client, ref);
  return [first, ...others.map((one) => ({ ...one, isServed }))];
}

/** Images built before several models could be served say in `build.json` who they are and nothing more. */
async function statesModels(client: Pick<RegistryClient, 'readFile'>, ref: string): Promise<boolean> {
  const bytes = await client.readFile(ref, `${workingFolder}/build.json`);
  const first = z.object({ schema: z.literal('trireme.build/1') });
  return bytes === undefined || !first.safeParse(JSON.parse(bytes.toString())).success;
}

async function goldenOf(client: Pick<RegistryClient, 'readFile'>, ref: string, model: string) {
  const path = `${workingFolder}/models/${model}/golden.json`;
  const bytes = await client.readFile(ref, path);
  if (bytes === undefined) {
    throw new DeliveryError('document-invalid', `expected ${path} in ${ref}; found no such file`, {
      hint: 'train the model again and make a new release',
    });
  }
  const parsed = parseDocument(`golden predictions of ${model}`, golden, goldenSchema, JSON.parse(bytes.toString()));
  return { model, golden: parsed };
}
