// The steps of a release, one function each: models, image, registries, manifest. `trireme release` runs them in a row.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { canonicalJson, digestOf } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Report } from '../contract/ports.ts';
import { builtFrom, type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import { makeRelease, type ReleaseParts } from '../delivery/release.ts';
import { assertBasesPinned, baseImagesOf } from '../image/base-images.ts';
import { buildIdOf } from '../image/build-id.ts';
import { type BakedModel, prepareContext, sourceDigest } from '../image/context.ts';
import { buildWithEngine, type Engine } from '../image/engine.ts';
import { type BuiltImage, buildLayout } from '../image/layout.ts';
import { faultsOfLock } from '../image/lock-integrity.ts';
import type { Lockfile } from '../image/production-packages.ts';
import { readSource, type Source } from '../image/source.ts';
import { releases } from '../ledger/view.ts';
import { publish } from '../registry/publish.ts';
import { runApplication } from './application.ts';
import type { CliEnvironment } from './environment.ts';
import type { CloudRepository } from './foundations.ts';
import { programDigest } from './program-digest.ts';
import { type BuildMaterials, type EvidenceMaterials, leaveEvidence } from './release-evidence.ts';
import type { StackFiles } from './stack-files.ts';
import type { WiredDelivery } from './wiring.ts';

/** The machine a step runs on, and who watches. */
export interface Bench {
  readonly environment: CliEnvironment;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/** What the application ends with when a document or a model was edited. */
const exitUnbelievable = 3;

const ensured = z.object({
  schema: z.literal('trireme.ensure/1'),
  models: z
    .array(
      z.object({
        name: z.string(),
        digest: z.string(),
        label: z.enum(['champion', 'challenger']).optional(),
        directory: z.string(),
      }),
    )
    .min(1),
});

/**
 * The models that the lock names, in the store. The application itself makes sure of it, in a process of its own: infra knows no TensorFlow.
 * @throws DeliveryError `failed`, or `document-invalid` for a lock or model that can't be believed, with the last words of the application.
 */
export async function ensureModels({ environment, report, signal }: Bench): Promise<readonly BakedModel[]> {
  const { code, printed, last } = await runApplication(environment, 'ensure', report, signal);
  if (code !== 0) {
    throw new DeliveryError(
      code === exitUnbelievable ? 'document-invalid' : 'failed',
      `expected the locked models in the store; the application ended with ${code}: ${last}`,
      {
        hint: 'npx trireme train',
      },
    );
  }
  const { models } = ensured.parse(JSON.parse(printed));
  return models.map(({ name, digest, label, directory }) => ({
    name,
    digest,
    ...(label === 'challenger' ? { label } : {}),
    folder: directory,
  }));
}

/** What git says about this checkout since the newest release in the ledger. */
export async function readSourceFacts(
  { environment }: Bench,
  delivery: Pick<WiredDelivery, 'ledger'>,
): Promise<Source> {
  const [newest] = releases(await delivery.ledger.facts());
  return readSource(environment.checkout, newest?.body.manifest.source.commit);
}

export interface Build {
  readonly image: BuiltImage;
  readonly buildId: string;
  readonly models: readonly BakedModel[];
  readonly source: Source;
  readonly materials: BuildMaterials;
}

export interface BuildOptions {
  /** Builds the Dockerfile with it; without one, trireme writes the image itself, for emulated clouds. */
  readonly engine?: Engine | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  readonly certificates?: string | undefined;
}

/** The same commit and models give the same digest. */
export async function buildImage(
  { environment, report, signal }: Bench,
  source: Source,
  models: readonly BakedModel[],
  { engine, buildArgs, certificates }: BuildOptions = {},
): Promise<Build> {
  const { checkout, stateDirectory } = environment;
  const { commit, repository, dirty } = source;
  const materials = await readMaterials(environment, { engine, buildArgs });
  const dirtySource = dirty ? await sourceDigest(checkout) : undefined;
  const buildId = buildIdOf({ commit, models, ...(dirtySource === undefined ? {} : { dirtySource }) });
  const folder = join(stateDirectory, 'build', buildId);
  const context = join(folder, 'context');
  report({
    message: `building ${buildId} from ${commit.slice(0, 12)} ${engine === undefined ? 'as a layout' : `with ${engine}`}`,
  });
  await prepareContext({ root: checkout, models, buildId, destination: context });
  const common = { context, destination: join(folder, 'image'), labels: { commit, repository, buildId } };
  const image =
    engine === undefined
      ? await buildLayout({ ...common, root: checkout, cache: join(stateDirectory, 'cache', 'image') })
      : await buildWithEngine({
          ...common,
          engine,
          dockerfile: join(checkout, 'Dockerfile'),
          onLine: (message) => report({ message }),
          ...(buildArgs === undefined ? {} : { buildArgs }),
          ...(certificates === undefined ? {} : { certificates }),
          ...(signal === undefined ? {} : { signal }),
        });
  return { image, buildId, models, source, materials };
}

/**
 * What goes into the image from outside, and whether it is pinned: packages always, base images where real clouds run the result.
 * @throws DeliveryError `refused` with everything that is not.
 */
export async function readMaterials(
  { checkout, emulated }: CliEnvironment,
  { engine, buildArgs = {} }: Pick<BuildOptions, 'engine' | 'buildArgs'>,
): Promise<BuildMaterials> {
  const lock = JSON.parse(await readFile(join(checkout, 'package-lock.json'), 'utf8')) as Lockfile;
  const loose = faultsOfLock(lock);
  if (loose.length > 0) {
    throw new DeliveryError('refused', `package-lock.json does not pin every package: ${loose.join('; ')}`, {
      hint: 'remove node_modules and package-lock.json, then: npm install',
    });
  }
  if (engine === undefined) return { bases: [], buildArgs: {} };
  const bases = baseImagesOf(await readFile(join(checkout, 'Dockerfile'), 'utf8'), buildArgs);
  if (emulated === undefined) assertBasesPinned(bases);
  return { bases, buildArgs };
}

/** Publishes the image to every cloud with a stack, and makes the release: sequence, manifest, fact, and a copy of the manifest on disk. */
export async function publishRelease(
  bench: Bench,
  delivery: WiredDelivery,
  files: StackFiles,
  { image, buildId, models, source, materials }: Build,
  repositories: readonly CloudRepository[],
): Promise<ReleaseManifest> {
  const { environment, report } = bench;
  await readyForManifest(environment);
  const { layout, builder, builderVersion } = image;
  const published = await publish({ client: delivery.client, layout, repositories, report });
  const lockfile = digestOf(await readFile(join(environment.checkout, 'package-lock.json')));
  const parts = {
    source,
    image: {
      name: 'trireme',
      digest: published.digest,
      builder,
      builderVersion,
      platform: 'linux/amd64',
      size: published.size,
      copies: published.copies.map(({ cloud, ref }) => ({ cloud, ref })),
    },
    build: {
      buildId,
      node: process.versions.node,
      lockfile,
      ...(Object.keys(materials.buildArgs).length === 0 ? {} : { arguments: { ...materials.buildArgs } }),
    },
    models: models.map(({ folder: _, ...model }) => model),
  } satisfies ReleasedParts;
  return recordRelease(bench, delivery, files, parts, { ...materials, isNew: true });
}

/** Another release of the image that an earlier one published: its own commit, stack files and program, nothing built or pushed. */
export async function releaseAgain(
  bench: Bench,
  delivery: WiredDelivery,
  files: StackFiles,
  { earlier, source, materials }: { earlier: ReleaseManifest; source: Source; materials: BuildMaterials },
): Promise<ReleaseManifest> {
  await readyForManifest(bench.environment);
  const { image, models, build } = earlier;
  const { commit: _, ...built } = build;
  const from = builtFrom(earlier);
  const parts = { source, image, models, build: from === source.commit ? built : { ...built, commit: from } };
  return recordRelease(bench, delivery, files, parts, { ...materials, isNew: false });
}

/** Before a number is taken: a release whose manifest can't be written here would be one that nobody can name. */
async function readyForManifest({ stateDirectory }: CliEnvironment): Promise<void> {
  await mkdir(join(stateDirectory, 'releases'), { recursive: true });
}

type ReleasedParts = Omit<ReleaseParts, 'infra' | 'source'> & { readonly source: Source };

async function recordRelease(
  bench: Bench,
  delivery: WiredDelivery,
  files: StackFiles,
  { source, ...parts }: ReleasedParts,
  materials: EvidenceMaterials,
): Promise<ReleaseManifest> {
  const { environment } = bench;
  const manifest = await makeRelease(
    delivery,
    {
      source: { ...source, authors: [...source.authors] },
      ...parts,
      infra: {
        program: await programDigest(environment.checkout),
        stackConfigs: Object.fromEntries(Object.entries(files.texts).map(([name, text]) => [name, digestOf(text)])),
      },
    },
    serviceFiles(delivery, files),
  );
  await writeManifest(environment.stateDirectory, manifest);
  await leaveEvidence(bench, delivery, manifest, materials);
  return manifest;
}

function serviceFiles({ stacks }: Pick<WiredDelivery, 'stacks'>, { texts }: StackFiles): Record<string, string> {
  const named = stacks.map(({ stack }) => [stack.name, texts[stack.name]] as const);
  return Object.fromEntries(named.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
}

/** `.trireme/releases/<id>.json`: what `TRIREME_RELEASE` names for a plain `pulumi up`. */
async function writeManifest(stateDirectory: string, manifest: ReleaseManifest): Promise<void> {
  const path = manifestPath(stateDirectory, releaseIdOf(manifest));
  await writeFile(`${path}.new`, `${canonicalJson(manifest)}\n`);
  await rename(`${path}.new`, path);
}

export function manifestPath(stateDirectory: string, release: string): string {
  return join(stateDirectory, 'releases', `${release}.json`);
}
