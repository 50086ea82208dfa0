// What a release needs of each cloud's foundation: on emulated clouds it brings them up; on real ones it reads them, and changes nothing.
import { DeliveryError } from '../contract/errors.ts';
import type { Deployer, Report } from '../contract/ports.ts';
import { type Cloud, foundationOf } from '../contract/stack.ts';
import type { Target } from '../delivery/delivery.ts';
import { settleAll } from '../delivery/settle.ts';

interface Watched {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/** Where a cloud's images go: `<host>/<repository>`. */
export interface CloudRepository {
  readonly cloud: Cloud;
  readonly repository: string;
}

/**
 * Real clouds: whoever releases may push images, not change registries, identities and trust, so those are only read.
 * @throws DeliveryError `refused`, naming every cloud whose foundation nobody brought up.
 */
export async function repositoriesOf(
  watched: Watched,
  delivery: { readonly deployer: Deployer; readonly emulated: boolean },
  clouds: readonly Cloud[],
): Promise<readonly CloudRepository[]> {
  return delivery.emulated
    ? bringUpFoundations(watched, delivery, clouds)
    : readFoundations(watched, delivery.deployer, clouds);
}

/** Those that a stack needs an image in. */
export function cloudsOf(stacks: readonly Pick<Target, 'stack'>[]): readonly Cloud[] {
  return [...new Set(stacks.map(({ stack }) => stack.cloud))];
}

/** Registries and pull identities of these clouds, brought up where they are missing. */
export async function bringUpFoundations(
  { report, signal }: Watched,
  { deployer }: { readonly deployer: Pick<Deployer, 'foundation'> },
  clouds: readonly Cloud[],
): Promise<readonly CloudRepository[]> {
  const options = { report, ...(signal === undefined ? {} : { signal }) };
  return settleAll(
    clouds.map(async (cloud) => {
      report({ stack: foundationOf(cloud), message: 'bringing up registry and pull identity' });
      const { repository } = await deployer.foundation(cloud, options);
      report({ stack: foundationOf(cloud), message: `done: ${repository}` });
      return { cloud, repository };
    }),
  );
}

async function readFoundations(
  watched: Watched,
  deployer: Pick<Deployer, 'foundationOutputs' | 'previewFoundation'>,
  clouds: readonly Cloud[],
): Promise<readonly CloudRepository[]> {
  const found = await settleAll(
    clouds.map(async (cloud) => ({ cloud, repository: (await deployer.foundationOutputs(cloud))?.repository })),
  );
  const ready = found.flatMap(({ cloud, repository }) => (repository === undefined ? [] : [{ cloud, repository }]));
  const missing = clouds.filter((cloud) => ready.every((one) => one.cloud !== cloud));
  if (missing.length > 0) {
    throw new DeliveryError(
      'refused',
      `expected ${missing.map(foundationOf).join(', ')} to be there; found no registry to publish to`,
      { hint: `once, as somebody who may change the account: ${missing.map(bootstrapCommand).join('; ')}` },
    );
  }
  await settleAll(clouds.map((cloud) => tellChanges(watched, deployer, cloud)));
  return ready;
}

/** A foundation that is behind its stack file or program still serves: that is said, and stops no release. */
async function tellChanges(
  { report, signal }: Watched,
  deployer: Pick<Deployer, 'previewFoundation'>,
  cloud: Cloud,
): Promise<void> {
  const stack = foundationOf(cloud);
  try {
    const { changes } = await deployer.previewFoundation(cloud, signal === undefined ? {} : { signal });
    if (changes.length === 0) return;
    const names = changes.map(({ operation, name }) => `${operation} ${name}`).join(', ');
    const message = `its stack file or program changed (${names}); this release leaves it as it is: ${bootstrapCommand(cloud)}`;
    report({ stack, message });
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.code === 'interrupted') throw error;
    report({ stack, message: `whether it is as declared could not be told: ${error.message}` });
  }
}

function bootstrapCommand(cloud: Cloud): string {
  return `npx trireme bootstrap ${cloud}`;
}
