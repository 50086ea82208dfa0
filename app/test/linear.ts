// Models of one input that answer `slope * x + offset`, packaged as training packages them: small, exact, and known to everybody.
import { writeArtifact } from '../model/artifact.ts';
import { fewestGoldenCases, goldenSchema } from '../model/golden.ts';
import { profileOf } from '../model/profile.ts';
import { type Model, modelSchema } from '../model/schema.ts';
import { temporaryFolder } from './wine.ts';

const cases = Array.from({ length: fewestGoldenCases + 4 }, (_, index) => index - 4);

/** @param changes to `model.json`. @returns the folder of the artifact in a store of its own. */
export async function linearArtifact(
  name: string,
  slope: number,
  offset: number,
  { store, changes = {} }: { store?: string; changes?: Partial<Model> } = {},
) {
  const answer = (x: number) => slope * x + offset;
  const model = {
    schema: modelSchema,
    name,
    task: 'regression',
    inputs: [{ name: 'x', kind: 'numeric', missing: 'refuse', range: [-4, 15], mean: 0, std: 1 }],
    value: { mean: 0, std: 1 },
    format: 'tfjs-layers',
    metrics: { heldOutRows: 0, estimates: {} },
    data: { digest: `sha256:${'0'.repeat(64)}`, rows: cases.length, schema: [] },
    settings: [],
    ...changes,
  } as Model;
  const weights = Buffer.alloc(8);
  weights.writeFloatLE(slope, 0);
  weights.writeFloatLE(offset, 4);
  const contents = {
    'model.json': JSON.stringify(model),
    'network.json': JSON.stringify({
      modelTopology: {
        class_name: 'Sequential',
        config: { layers: [{ class_name: 'Dense', config: { name: 'line', units: 1, activation: 'linear' } }] },
      },
      weightsManifest: [
        {
          paths: ['weights.bin'],
          weights: [
            { name: 'line/kernel', shape: [1, 1], dtype: 'float32' },
            { name: 'line/bias', shape: [1], dtype: 'float32' },
          ],
        },
      ],
    }),
    'weights.bin': weights,
    'profile.json': JSON.stringify(
      profileOf(
        model.inputs,
        cases.map((x) => ({ x })),
        cases.map(answer),
        'regression',
      ),
    ),
    'golden.json': JSON.stringify({
      schema: goldenSchema,
      tolerance: 1e-6,
      cases: cases.map((x) => ({ input: { x }, output: { value: answer(x) } })),
    }),
    'card.md': `# ${name}\n`,
  };
  return { name, ...(await writeArtifact(store ?? (await temporaryFolder()), contents, {})) };
}
