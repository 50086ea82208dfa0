// What an endpoint answers: whoever serves there says who it is, whether it is ready, and what it predicts.
import type { Golden } from '../contract/golden.ts';
import { identityOf } from '../contract/release.ts';
import { readyPath, versionPath } from '../contract/service.ts';
import { parseStack, type StackName } from '../contract/stack.ts';
import type { Quality } from './quality.ts';
import type { World } from './world.ts';

const tolerance = 1e-4;
const offsets: Readonly<Partial<Record<Quality, number>>> = {
  wrong: 0.5,
  high: tolerance * 0.9,
  low: tolerance * -0.9,
};

export const golden: Golden = {
  schema: 'trireme.golden/1',
  tolerance,
  cases: [{ input: { alcohol: 12 }, output: { label: 'barolo', confidence: 0.9 } }],
};

export function stackAt(endpoint: string): StackName {
  return parseStack(new URL(endpoint).hostname.split('.')[0] ?? '').name;
}

/** @throws TypeError when nothing answers, as `fetch` does. */
export function answerOf(world: World, url: URL): Response {
  const stack = stackAt(url.origin);
  const { serving, slot } = world.state(stack);
  const isCandidate = url.hostname.includes('.candidate.');
  const placed = isCandidate ? slot : serving;
  const manifest = world.manifests.get(placed?.release ?? '');
  if (placed === undefined || placed.dead || manifest === undefined) throw new TypeError('fetch failed');
  const quality = world.qualityOn(stack, placed.release);
  if (url.pathname === versionPath) return json(200, identityOf(manifest));
  if (url.pathname === readyPath) {
    return quality === 'unready' || (quality === 'sour' && !isCandidate)
      ? json(503, { reason: 'a setting is missing' })
      : json(200, { ready: true });
  }
  const predictions = golden.cases.map(({ output }) => ({
    ...output,
    confidence: Number(output.confidence) + (offsets[quality] ?? 0),
  }));
  return json(200, { model: manifest.models[0], predictions });
}

/** As much of a response as is read: making a whole one takes longer than all the rest of a call. */
function json(status: number, body: unknown): Response {
  const answer: Pick<Response, 'status' | 'text'> = { status, text: async () => JSON.stringify(body) };
  return answer as Response;
}
