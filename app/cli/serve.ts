// `npm start`: the prediction service alone, with the locked models; a model that is trained again meanwhile is served.
import { watchFile } from 'node:fs';
import { artifactDirectory } from '../model/artifact.ts';
import { readLock } from '../model/lock.ts';
import { serve } from '../serving/main.ts';
import type { Service } from '../serving/service.ts';
import { readSettings } from '../serving/settings/settings.ts';
import { ensureModels, type Places } from '../training/ensure.ts';
import { showProgress } from './progress.ts';

export async function serveLocked(places: Places): Promise<number> {
  // First: a wrong setting should not cost a training.
  const settings = readSettings();
  const report = (message: string) => process.stderr.write(`${message}\n`);
  await ensureModels(places, report, showProgress(places.problemFile));
  const locate = async () => {
    const { models } = await readLock(places.lockFile);
    return models.map((model) => ({ ...model, directory: artifactDirectory(places.store, model.digest) }));
  };
  // Training writes the artifact first and the lock last. Looked at every so often: a file that is replaced can't be listened to everywhere.
  await serve(settings, locate, invite, ({ reload }) => {
    watchFile(places.lockFile, { interval: lookEveryMs, persistent: false }, () => void reload());
  });
  return 0;
}

const lookEveryMs = 300;

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
