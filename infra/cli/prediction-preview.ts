// The prediction preview: both releases' models out of their images, compared by the application in a process of its own.
import { join } from 'node:path';
import { DeliveryError } from '../contract/errors.ts';
import type { PredictionPreviewer, RunOptions } from '../contract/ports.ts';
import { type PredictionPreview, type PreviewResult, predictionPreview, previewSchema } from '../contract/preview.ts';
import { type ModelOfRelease, parseDocument, type ReleaseManifest } from '../contract/release.ts';
import type { RegistryClient } from '../registry/client.ts';
import { runComparison } from './application.ts';
import type { CliEnvironment } from './environment.ts';
import { fetchModel } from './model-cache.ts';

type Run = typeof runComparison;

/** @param run how two folders are compared; the application's own process, but in tests. */
export function predictionPreviewer(
  environment: CliEnvironment,
  client: Pick<RegistryClient, 'readFolder'>,
  run: Run = runComparison,
): PredictionPreviewer {
  return {
    async compare(running, candidate, options = {}) {
      try {
        return await compare(environment, client, run, running, candidate, options);
      } catch (error) {
        if (options.signal?.aborted) throw new DeliveryError('interrupted', 'interrupted', { cause: error });
        return { none: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

async function compare(
  environment: CliEnvironment,
  client: Pick<RegistryClient, 'readFolder'>,
  run: Run,
  running: ReleaseManifest,
  candidate: ReleaseManifest,
  { report = () => {}, signal }: RunOptions,
): Promise<PreviewResult> {
  const pair = pairOf(running, candidate);
  if ('none' in pair) return pair;
  const cache = join(environment.stateDirectory, 'cache', 'models');
  const fetch = (manifest: ReleaseManifest, model: ModelOfRelease) => fetchFromAny(client, cache, manifest, model);
  const [now, next] = [await fetch(running, pair.now), await fetch(candidate, pair.next)];
  const { code, printed, last } = await run(environment, { running: now, candidate: next }, report, signal);
  if (code !== 0) return { none: last === '' ? `the comparison ended with ${String(code)}` : last };
  const preview = parseDocument('prediction preview', predictionPreview, previewSchema, JSON.parse(printed));
  assertSameModels(preview, pair);
  return { preview };
}

type Pair = { readonly now: ModelOfRelease; readonly next: ModelOfRelease };

/** The champion that the two releases do not share. Several at once would need as many data sets: one problem file is replayed. */
function pairOf(running: ReleaseManifest, candidate: ReleaseManifest): Pair | { readonly none: string } {
  const championsOf = ({ models }: ReleaseManifest) => models.filter(({ label }) => label === undefined);
  const pairs = championsOf(candidate).flatMap((next): Pair[] => {
    const now = championsOf(running).find(({ name }) => name === next.name);
    return now === undefined ? [] : [{ now, next }];
  });
  const [changed, another] = pairs.filter(({ now, next }) => now.digest !== next.digest);
  if (changed !== undefined && another === undefined) return changed;
  if (changed !== undefined) return { none: `several models change: ${pairs.map(({ next }) => next.name).join(', ')}` };
  const [shared] = pairs;
  return shared === undefined
    ? { none: `the running release has no model called ${candidate.models.map(({ name }) => name).join(', ')}` }
    : { none: `both releases serve the same model, ${shared.next.name} ${shared.next.digest.slice(7, 19)}` };
}

/** Every registry has the same bytes under the same digest: whichever answers will do. */
async function fetchFromAny(
  client: Pick<RegistryClient, 'readFolder'>,
  cache: string,
  { image }: ReleaseManifest,
  model: ModelOfRelease,
): Promise<string> {
  let fault: unknown;
  for (const { ref } of image.copies) {
    try {
      return await fetchModel(client, cache, { ...model, ref });
    } catch (error) {
      fault = error;
    }
  }
  throw fault;
}

function assertSameModels({ running, candidate }: PredictionPreview, { now, next }: Pair): void {
  if (running === now.digest && candidate === next.digest) return;
  throw new DeliveryError(
    'digest-mismatch',
    `expected a comparison of ${now.digest} and ${next.digest}; found one of ${running} and ${candidate}`,
  );
}
