// Controls: ways to spoil the rehearsal on purpose, each of which it must notice at the right step. They show that the story can fail.
import { readFile, writeFile } from 'node:fs/promises';
import { manifestPath } from '../cli/release-steps.ts';
import type { Goldens } from '../contract/ports.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { EmulatedClouds } from './clouds.ts';
import type { Stage } from './stage.ts';

export const controlNames = ['drain-off', 'altered-layer', 'stale-image', 'changed-golden', 'edited-manifest'] as const;
export type ControlName = (typeof controlNames)[number];

/** When a control acts. */
export type Moment = 'R1 is published' | 'R1 is in dev' | 'R1 is in prod' | 'R2 is published';

/** Does nothing unless the moment is the control's. */
export type Spoil = (moment: Moment, newest: ReleaseManifest) => Promise<void>;

export function spoiler(control: ControlName | undefined, stage: Stage, clouds: EmulatedClouds): Spoil {
  const [cloud] = stage.clouds;
  if (control === undefined || cloud === undefined) return async () => {};
  const acts: Readonly<Record<ControlName, readonly [Moment, (newest: ReleaseManifest) => Promise<void>]>> = {
    'drain-off': ['R1 is in prod', () => clouds.fault({ drain: 'off' })],
    'altered-layer': ['R1 is published', () => clouds.fault({ alterLayer: [cloud] })],
    'stale-image': ['R2 is published', () => clouds.fault({ staleImage: [cloud] })],
    'changed-golden': ['R1 is published', async () => stage.replaceGoldens(withOneValueChanged)],
    'edited-manifest': ['R1 is in dev', (newest) => editManifest(stage, newest)],
  };
  const [when, act] = acts[control];
  return async (moment, newest) => {
    if (moment === when) await act(newest);
  };
}

/** The verification's own copy: what training computed for the first case is made a little larger. */
function withOneValueChanged(goldens: Goldens): Goldens {
  return {
    async read(manifest, cloud) {
      const [first, ...others] = await goldens.read(manifest, cloud);
      const [firstCase, ...otherCases] = first?.golden.cases ?? [];
      if (first === undefined || firstCase === undefined) throw new Error('a release without golden predictions');
      const confidence = Number(firstCase.output.confidence) - 0.001;
      const cases = [{ ...firstCase, output: { ...firstCase.output, confidence } }, ...otherCases];
      return [{ ...first, golden: { ...first.golden, cases } }, ...others];
    },
  };
}

/** One digit of the image's size, in the copy on disk that the promotion is prepared from. */
async function editManifest(stage: Stage, manifest: ReleaseManifest): Promise<void> {
  const file = manifestPath(stage.environment.stateDirectory, releaseIdOf(manifest));
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(`"size":${manifest.image.size}`, `"size":${manifest.image.size + 1}`));
}
