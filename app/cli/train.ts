// `trireme train`: says what was made, how good it is, and what to do next.
import { trainAndLock } from '../training/ensure.ts';
import type { Words } from './main.ts';
import { showProgress } from './progress.ts';

export async function train({ places, seed, label, json }: Words): Promise<number> {
  const result = await trainAndLock(places, { seed, label }, showProgress(places.problemFile));
  const { model, digest, directory, written, locked, dropped } = result;
  const as = result.label === 'challenger' ? ' as the challenger' : '';
  if (json) {
    const { metrics } = model;
    process.stdout.write(
      `${JSON.stringify({ schema: 'trireme.train/1', name: model.name, digest, label: result.label, directory, written, locked, dropped, metrics })}\n`,
    );
    return 0;
  }
  const [[metric, estimate] = []] = Object.entries(model.metrics.estimates);
  const lines = [
    `trained ${model.name}: ${metric} ${estimate?.value.toFixed(3)} (95 %: ${estimate?.low.toFixed(3)} to ${estimate?.high.toFixed(3)}) on ${model.metrics.heldOutRows} held-out rows`,
    `digest: ${digest}`,
    `artifact: ${directory}${written ? '' : ' (it was there: same data, same problem, same bytes)'}`,
    `lock: ${places.lockFile} ${locked ? 'now names it' : 'named it already'}${as}`,
  ];
  if (dropped.length > 0) {
    lines.push(`no longer locked: ${dropped.join(', ')}, which ${places.problemFile} does not make any more`);
  }
  if (seed !== undefined) {
    lines.push(
      `seed: ${seed} from the command line; write it into ${places.problemFile}, or no other machine makes this model again`,
    );
  }
  lines.push(locked ? 'next: commit the lock, then npx trireme release' : 'next: npm start, or npx trireme release');
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
