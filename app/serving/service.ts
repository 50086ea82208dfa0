// The life of the process, in order: listen, load, check, warm up, ready; then not ready, grace, drain, end.
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../model/errors.ts';
import { createApp } from './http/app.ts';
import { closeServer, createHttpServer, listen } from './http/server.ts';
import type { Identity } from './identity.ts';
import { Life } from './life.ts';
import type { Log } from './log.ts';
import { createMetrics } from './metrics.ts';
import { loadModels, type ModelLocation, missingSettings } from './models.ts';
import type { Settings } from './settings.ts';

/** From the request to stop to the last connection cut: Cloud Run kills after 10 s, and exiting takes some of them. */
const stopWithinMs = 7500;

export interface Service {
  readonly port: number;
  readonly life: Life;
  /** Resolves when it is ready or never will be. */
  readonly started: Promise<void>;
  /** Stops it without losing a request. `grace: false` when nobody stands between it and its clients. */
  stop(options: { grace: boolean }): Promise<void>;
}

/** Listens at once, so that probes get an answer while the models load. @throws AppError `port-taken`. */
export async function startService(
  settings: Settings,
  identity: Identity,
  locate: () => Promise<readonly ModelLocation[]>,
  log: Log,
): Promise<Service> {
  const life = new Life();
  const metrics = createMetrics();
  const server = createHttpServer(createApp({ life, identity, metrics, log, limits: settings }), settings);
  const port = await listen(server, settings.host, settings.port);
  log.info('listening', { host: settings.host, port, ...identity });

  const started = load(life, settings, locate, log).then(() => metrics.loaded(life.models, identity));
  let stopped: Promise<void> | undefined;
  return {
    port,
    life,
    started,
    stop({ grace }) {
      stopped ??= (async () => {
        // A service that never got traffic has nobody to wait for.
        const graceMs = grace && life.phase === 'ready' ? settings.drainGraceSeconds * 1000 : 0;
        life.drain();
        log.info('draining', { graceSeconds: graceMs / 1000 });
        await sleep(graceMs);
        const wasInTime = await closeServer(server, stopWithinMs - graceMs);
        if (wasInTime) log.info('stopped');
        else log.warn('stopped with requests unfinished', { waitedSeconds: stopWithinMs / 1000 });
      })();
      return stopped;
    },
  };
}

async function load(
  life: Life,
  settings: Settings,
  locate: () => Promise<readonly ModelLocation[]>,
  log: Log,
): Promise<void> {
  try {
    const models = await loadModels(await locate());
    life.loaded(models);
    const missing = missingSettings(
      models.map(({ model }) => model),
      settings.present,
    );
    if (missing !== undefined) throw new AppError('setting-missing', missing);
    life.ready();
    log.info('ready', { models: models.map(({ model, digest, engine }) => ({ name: model.name, digest, engine })) });
  } catch (error) {
    const isExpected = error instanceof AppError;
    // The process stays up: its reason can be read at /v2/health/ready, where a crash would leave only a restart count.
    life.refuse(isExpected ? error.message : 'a fault in the service while loading; its log has the details');
    log.error(
      'never ready',
      isExpected ? { reason: error.message, code: error.code } : { stack: (error as Error).stack },
    );
  }
}
