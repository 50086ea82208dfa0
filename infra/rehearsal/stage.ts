// Where the story is told: the checkout, the emulated clouds, and the same wiring that every verb uses, pointed at them.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { runApplication } from '../cli/application.ts';
import { type CliEnvironment, readEnvironment, type Variables } from '../cli/environment.ts';
import { bringUpFoundations, cloudsOf, repositoriesOf } from '../cli/foundations.ts';
import {
  type Build,
  type BuildOptions,
  buildImage,
  ensureModels,
  manifestPath,
  publishRelease,
  readSourceFacts,
} from '../cli/release-steps.ts';
import { readWiredStacks, type WiredDelivery, wireDelivery } from '../cli/wiring.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Actor, Fact } from '../contract/fact.ts';
import type { Goldens, Report } from '../contract/ports.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../contract/release.ts';
import { type Cloud, clouds, type Environment, environments } from '../contract/stack.ts';
import type { Target } from '../delivery/delivery.ts';
import type { Checkout } from './checkout.ts';

type Say = (message: string) => void;

export interface Stage {
  readonly checkout: Checkout;
  readonly stacks: readonly Target[];
  readonly clouds: readonly Cloud[];
  readonly environment: CliEnvironment;
  delivery(actor: Actor, report: Report): WiredDelivery;
  /** Trains what the checkout's problem file asks for, and locks it. */
  train(say: Say): Promise<{ readonly name: string; readonly digest: string }>;
  /** Builds the image of the newest commit afresh. @returns its digest. */
  build(say: Say): Promise<string>;
  foundations(say: Say, signal: AbortSignal): Promise<void>;
  /** Builds, publishes and records a release of the newest commit. */
  release(actor: Actor, say: Say, signal: AbortSignal): Promise<ReleaseManifest>;
  resolve(copy: ReleaseManifest['image']['copies'][number]): Promise<string | undefined>;
  endpoints(environment: Environment): Promise<readonly { readonly stack: string; readonly endpoint: string }[]>;
  facts(): Promise<readonly Fact[]>;
  /** The manifest as it stands on disk, checked against the id it is asked for by. @throws DeliveryError `digest-mismatch`. */
  manifest(release: string): Promise<ReleaseManifest>;
  /** For a control: what every later verification takes for golden. */
  replaceGoldens(change: (goldens: Goldens) => Goldens): void;
  /** A body for `POST /predict`: the first golden input of the newest release. */
  samplePrediction(): Promise<string>;
}

/**
 * @param shell the person's own variables; nothing of the emulated clouds is needed in them.
 * @param options how images are built: with a container engine, or by trireme itself.
 */
export async function openStage(
  checkout: Checkout,
  shell: Variables,
  report: Report,
  options: BuildOptions = {},
): Promise<Stage> {
  const environment = await readEnvironment(() => {}, shell, checkout.root);
  let files = await readWiredStacks(environment);
  const wired = await wireDelivery(environment, files, report);
  const served = cloudsToRehearse(files.stacks);
  let newest: ReleaseManifest | undefined;
  let goldens = wired.goldens;

  const bench = (say: Say, signal?: AbortSignal) => ({
    environment,
    report: sayReport(say),
    ...(signal === undefined ? {} : { signal }),
  });
  const buildNewest = async (say: Say, signal?: AbortSignal): Promise<Build> => {
    const source = await readSourceFacts(bench(say, signal), wired);
    return buildImage(bench(say, signal), source, await ensureModels(bench(say, signal)), options);
  };

  return {
    checkout,
    stacks: files.stacks,
    clouds: served,
    environment,
    delivery: (actor, to) => ({ ...wired, actor, report: to, goldens }),
    train: (say) => train(environment, say),
    build: async (say) => (await buildNewest(say)).image.digest,
    async foundations(say, signal) {
      await bringUpFoundations(bench(say, signal), wired, served);
    },
    async release(actor, say, signal) {
      // Read again: a commit may have changed a stack file.
      files = await readWiredStacks(environment);
      const build = await buildNewest(say, signal);
      const delivery = { ...wired, actor, report: sayReport(say) };
      const repositories = await repositoriesOf(bench(say, signal), delivery, cloudsOf(files.stacks));
      newest = await publishRelease(bench(say, signal), delivery, files, build, repositories);
      return newest;
    },
    resolve: (copy) => wired.client.resolve(copy.ref),
    async endpoints(wanted) {
      const targets = files.stacks.filter(({ stack }) => stack.environment === wanted);
      return Promise.all(
        targets.map(async ({ stack }) => {
          const service = await wired.deployer.deployed(stack);
          if (service === undefined)
            throw new DeliveryError('failed', `expected ${stack.name} to be deployed; found nothing`);
          return { stack: stack.name, endpoint: service.endpoint };
        }),
      );
    },
    facts: () => wired.ledger.facts(),
    async manifest(release) {
      return parseReleaseManifest(
        JSON.parse(await readFile(manifestPath(environment.stateDirectory, release), 'utf8')),
        release,
      );
    },
    replaceGoldens(change) {
      goldens = change(wired.goldens);
    },
    async samplePrediction() {
      const [cloud] = served;
      if (newest === undefined || cloud === undefined)
        throw new Error('asked for a prediction before there was a release');
      const [first] = await wired.goldens.read(newest, cloud);
      return JSON.stringify(first?.golden.cases[0]?.input ?? {});
    },
  };
}

/** Any subset of clouds, each with all its environments: a release has to travel. @throws DeliveryError `config-invalid`. */
export function cloudsToRehearse(stacks: readonly Target[]): readonly Cloud[] {
  const present = clouds.filter((cloud) => stacks.some(({ stack }) => stack.cloud === cloud));
  const faults = present.flatMap((cloud) => {
    const missing = environments.filter(
      (one) => !stacks.some(({ stack }) => stack.cloud === cloud && stack.environment === one),
    );
    return missing.map((environment) => `${cloud} has no ${environment} stack`);
  });
  if (faults.length === 0) return present;
  throw new DeliveryError(
    'config-invalid',
    `the rehearsal needs a dev and a prod stack of each cloud: ${faults.join('; ')}`,
    {
      hint: 'add the missing file to stacks/, or remove the other one',
    },
  );
}

const trained = z.looseObject({ name: z.string(), digest: z.string() });

/** The application trains in a process of its own: infra knows no TensorFlow. */
async function train(environment: CliEnvironment, say: Say): Promise<z.infer<typeof trained>> {
  const { code, printed, last } = await runApplication(environment, 'train', sayReport(say));
  if (code !== 0) throw new DeliveryError('failed', `training ended with ${String(code)}: ${last}`);
  return trained.parse(JSON.parse(printed));
}

function sayReport(say: Say): Report {
  return ({ stack, message }) => say(stack === undefined ? message : `${stack}: ${message}`);
}
