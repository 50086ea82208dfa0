// Development: models that were trained again take the place of those that answer, once they are checked and warm. No request notices.
import { AppError } from '../../model/errors.ts';
import type { AnswerCaches } from '../cache/caches.ts';
import type { Life } from '../life.ts';
import type { Log } from '../log.ts';
import type { Settings } from '../settings/settings.ts';
import { keepingMoves } from './labels.ts';
import { loadModels, missingSettings } from './load.ts';
import type { ModelLocation } from './locate.ts';
import { tellModels, warnOfDropped } from './tell.ts';

/**
 * One at a time, in the order asked for. What can't be believed, or not even be read, changes nothing and is logged: it never rejects.
 * @param loaded told when others answer from now on.
 * @returns what loads them anew.
 */
export function reloader(
  life: Life,
  locate: () => Promise<readonly ModelLocation[]>,
  settings: Pick<Settings, 'engine' | 'present'>,
  caches: AnswerCaches | undefined,
  log: Log,
  loaded: () => void,
): () => Promise<void> {
  let before = Promise.resolve();
  const reload = async () => {
    if (!life.answers) return;
    try {
      const before = life.served;
      const served = await loadModels(await locate(), settings.engine, life.models, caches);
      const missing = missingSettings(
        served.all.map(({ model }) => model),
        settings.present,
      );
      if (missing !== undefined) throw new AppError('setting-missing', missing);
      life.loaded(keepingMoves(before, life.served, served));
      loaded();
      log.info('models loaded anew', { models: tellModels(life.served) });
      warnOfDropped(served.all, log);
    } catch (error) {
      // Whatever it was, the next change may mend it.
      const details =
        error instanceof AppError ? { reason: error.message, code: error.code } : { stack: stackOf(error) };
      log.error('models not loaded anew, those before still answer', details);
    }
  };
  return () => {
    before = before.then(reload);
    return before;
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
