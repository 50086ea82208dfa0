import { describe, expect, test } from 'vitest';
import type { PredictionPreviewer } from '../../contract/ports.ts';
import { type PredictionPreview, previewHash } from '../../contract/preview.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { mostlyRunning } from '../../delivery/prediction-preview.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { World } from './world.ts';

const total = { name: 'all', rows: 10, flips: 1, confidenceShift: 0 };
const document: PredictionPreview = {
  schema: 'trireme.preview/1',
  model: 'wine',
  task: 'classification',
  running: 'sha256:1',
  candidate: 'sha256:2',
  inputs: 'held-out data',
  inputsDigest: 'a'.repeat(64),
  trainedOn: { running: null, candidate: 0 },
  refused: { running: 0, candidate: 0 },
  total,
  classesBy: 'running',
  perClass: [],
  perSlice: [],
  flips: [{ from: 'a', to: 'b', rows: 1 }],
};

async function prepared(previewer: PredictionPreviewer, isFirst = false) {
  const world = new World();
  const delivery = world.delivery(['gcp-dev', 'gcp-prod'], { previewer });
  const running = await world.release();
  if (!isFirst) await deployRelease(delivery, running, 'prod');
  const candidate = await world.release();
  await deployRelease(delivery, candidate, 'dev');
  const { promotion } = await preparePromotion(delivery, candidate, 'prod');
  return { world, delivery, running, candidate, promotion, id: promotion.body.promotion };
}

describe('the prediction preview', () => {
  test('stands in the promotion with its hash, is bound into the approval, and is written once', async () => {
    const asked: string[] = [];
    const previewer: PredictionPreviewer = {
      compare: async (...pair) => {
        asked.push(...pair.slice(0, 2).map((one) => releaseIdOf(one as Parameters<typeof releaseIdOf>[0])));
        return { preview: document };
      },
    };
    const { world, delivery, running, candidate, promotion, id } = await prepared(previewer);
    expect(asked).toEqual([releaseIdOf(running), releaseIdOf(candidate)]);
    expect(promotion.body).toMatchObject({ preview: previewHash(document), previewDocument: document });
    const approval = await approvePromotion(delivery, id, { login: 'alice', via: 'local' });
    expect(approval.body.preview).toBe(previewHash(document));
    await promote(delivery, id);
    const bodies = world.facts.flatMap((one) => (one.kind === 'promotion' ? [one.body] : []));
    expect(
      bodies.map(({ state, preview, previewDocument }) => [state, preview, previewDocument !== undefined]),
    ).toEqual([
      ['prepared', previewHash(document), true],
      ['started', previewHash(document), false],
      ['succeeded', previewHash(document), false],
    ]);
  });

  test('that is another one after the click refuses the promotion', async () => {
    const { world, delivery, id } = await prepared({ compare: async () => ({ preview: document }) });
    await approvePromotion(delivery, id, { login: 'alice', via: 'local' });
    for (const fact of world.facts) {
      if (fact.kind === 'promotion') fact.body.previewDocument = { ...document, flips: [] };
    }
    const before = world.deployments.length;
    await expect(promote(delivery, id)).rejects.toThrow('the prediction preview is');
    expect(world.deployments).toHaveLength(before);
  });

  test('that can not be made says why, and stops nothing', async () => {
    const { delivery, promotion, id } = await prepared({ compare: async () => ({ none: 'no data here' }) });
    expect(promotion.body).toMatchObject({ noPreview: 'no data here' });
    expect(promotion.body).not.toHaveProperty('preview');
    await approvePromotion(delivery, id, { login: 'alice', via: 'local' });
    expect((await promote(delivery, id)).stacks).toMatchObject([{ state: 'healthy' }]);
  });

  test('is not asked for where nothing runs', async () => {
    const never = () => Promise.reject(new Error('asked'));
    expect((await prepared({ compare: never }, true)).promotion.body.noPreview).toBe('nothing runs there yet');
  });
});

test.each([
  ['nothing', {}, undefined],
  ['nothing where every stack is empty', { a: null, b: null }, undefined],
  ['what most stacks run', { a: 'rel-1', b: 'rel-2', c: 'rel-2' }, 'rel-2'],
  ['the first of as many', { a: 'rel-1', b: 'rel-2', c: null }, 'rel-1'],
])('the running release is %s', (_, previous, release) => {
  expect(mostlyRunning(previous)).toBe(release);
});
