// The process of the image: `node app/serving/main.ts`, in a folder that holds `models` and `build.json`.
import cluster from 'node:cluster';
import { AppError } from '../model/errors.ts';
import { type Build, identityOf, readBuild } from './identity.ts';
import { createLog, type Log } from './log.ts';
import { locateModels, type ModelLocation } from './models/locate.ts';
import { type Service, type ServiceOptions, startService } from './service.ts';
import { readArguments, readSettings, type Settings, settingsHelp } from './settings/settings.ts';
import { processCount } from './workers/policy.ts';

/**
 * Serves until it is asked to stop, and resolves when it has stopped.
 * @param locate where the models are. @param started told once it is ready, or never will be. @param follow told of the service in each process. @throws AppError when it can't start.
 */
export async function serve(
  settings: Settings,
  locate: (build: Build, log: Log) => Promise<readonly ModelLocation[]>,
  started: (service: Service) => void = () => {},
  follow: (service: Service) => void = () => {},
): Promise<void> {
  const log = createLog(settings.logLevel);
  const count = processCount(settings.workers);
  // Loaded where there are several processes.
  if (count > 1 && cluster.isPrimary) return (await import('./workers/workers.ts')).supervise(count, log);
  const build = await readBuild('build.json');
  const start = async (options?: ServiceOptions) => {
    const service = await startService(settings, identityOf(build, settings), () => locate(build, log), log, options);
    follow(service);
    return service;
  };
  if (cluster.isWorker) return (await import('./workers/worker.ts')).serveAsWorker(start, started, log);
  const service = await start();
  service.started.then(() => started(service));
  await new Promise<void>((resolve, reject) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        // A platform sends SIGTERM while its balancer still routes here; a person presses Ctrl-C and wants an end, at once the second time.
        if (service.life.phase === 'draining' && signal === 'SIGINT') process.exit(130);
        service.stop({ grace: signal === 'SIGTERM' }).then(resolve, reject);
      });
    }
  });
}

if (import.meta.main) {
  try {
    if (readArguments(process.argv.slice(2)).help) process.stdout.write(settingsHelp());
    else {
      const settings = readSettings();
      await serve(settings, ({ models }, log) => locateModels(settings.modelsDir, models, log));
      process.exit(0);
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.code === 'settings-invalid' || error.code === 'usage' ? 2 : 1;
    // The channel to the primary would keep it running.
    if (cluster.isWorker) process.exit();
  }
}
