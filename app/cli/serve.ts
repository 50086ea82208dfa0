// `npm start`: the prediction service alone, with the locked models.
import { serve } from '../serving/main.ts';
import type { Service } from '../serving/service.ts';
import { readSettings } from '../serving/settings/settings.ts';
import { ensureModels, type Places } from '../training/ensure.ts';
import { showProgress } from './progress.ts';

export async function serveLocked(places: Places): Promise<number> {
  // First: a wrong setting should not cost a training.
  const settings = readSettings();
  const report = (message: string) => process.stderr.write(`${message}\n`);
  const models = await ensureModels(places, report, showProgress(places.problemFile));
  await serve(settings, async () => models, invite);
  return 0;
}

function invite({ port, life }: Service): void {
  const { reason, models } = life;
  const address = `http://localhost:${port}`;
  const lines =
    reason === undefined
      ? [
          `serving ${models.map(({ model }) => model.name).join(', ')} at ${address}; Ctrl-C stops it`,
          `try: curl ${address}/predict -H 'content-type: application/json' -d '${JSON.stringify(models[0]?.example)}'`,
        ]
      : [`not ready: ${reason}`, `ask again: curl ${address}/v2/health/ready`];
  process.stderr.write(`${lines.join('\n')}\n`);
}
