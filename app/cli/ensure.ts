// `ensure`: the release verb runs it as a process of its own before it builds an image.
import { ensureModels } from '../training/ensure.ts';
import type { Words } from './main.ts';
import { showProgress } from './progress.ts';

export async function ensure({ places, json }: Words): Promise<number> {
  const report = (message: string) => process.stderr.write(`${message}\n`);
  const models = await ensureModels(places, report, showProgress(places.problemFile));
  if (json) process.stdout.write(`${JSON.stringify({ schema: 'trireme.ensure/1', models })}\n`);
  else for (const { name, digest, directory } of models) process.stdout.write(`${name} ${digest} is in ${directory}\n`);
  return 0;
}
