// The life of the process, in order: listen, load, check, warm up, ready; then not ready, grace, drain, end.
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../model/errors.ts';
import type { AnswerCaches } from './cache/caches.ts';
import { createApp } from './http/app.ts';
import { createGate } from './http/gate.ts';
import { closeServer, createHttpServer, listen } from './http/server.ts';
import type { Identity } from './identity.ts';
import { Life } from './life.ts';
import { createRequestLog, type Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { type LabelMove, moved } from './models/labels.ts';
import { loadModels, missingSettings } from './models/load.ts';
import type { ModelLocation } from './models/locate.ts';
import { tellModels, warnOfDropped } from './models/tell.ts';
import { Overload } from './overload.ts';
import type { Settings } from './settings/settings.ts';
import { startTracing, tracedLog } from './tracing/tracing.ts';

/** From the request to stop to the last connection cut: Cloud Run kills after 10 s, and exiting takes some of them. */
const stopWithinMs = 7500;

export interface Service {
  readonly port: number;
  readonly life: Life;
  readonly metrics: Metrics;
  /** Resolves when it is ready or never will be. */
  readonly started: Promise<void>;
  /** Development: looks again where the models are. What can't be believed changes nothing. */
  reload(): Promise<void>;
  /** Stops it without losing a request. `grace: false` when nobody stands between it and its clients. */
  stop(options: { grace: boolean }): Promise<void>;
}

export interface ServiceOptions {
  /** Where lines about requests go, if they are wanted; standard output. */
  readonly writeRequests?: (lines: string) => void;
  /** For one of several processes: the metrics of all of them. */
  readonly overallMetrics?: () => Promise<string>;
  /** It takes another's place: until it can answer, requests go to those that do. */
  readonly listensWhenReady?: boolean;
  /**
   * Awaited when the models are loaded and checked. @param moveHere moves a label in this process, from now on.
   * It throws AppError `model-unknown` for a version that is not served.
   */
  readonly beforeReady?: (moveHere: (move: LabelMove) => void) => Promise<void>;
  /** Moves a label in every process, this one among them. */
  readonly moveEverywhere?: (move: LabelMove) => Promise<void>;
  /** Told when other models answer than before. */
  readonly reloaded?: () => void;
}

/** Listens at once, so that probes get an answer while the models load. @throws AppError `port-taken`. */
export async function startService(
  settings: Settings,
  identity: Identity,
  locate: () => Promise<readonly ModelLocation[]>,
  log: Log,
  {
    writeRequests,
    overallMetrics,
    listensWhenReady = false,
    beforeReady,
    moveEverywhere,
    reloaded,
  }: ServiceOptions = {},
): Promise<Service> {
  const life = new Life();
  const overload = new Overload(settings.maxInFlight, settings.maxLoopDelayMs);
  const metrics = createMetrics({ inFlight: () => overload.inFlight, overall: overallMetrics });
  // Loaded where it is on.
  const entries = settings.answerCacheEntries;
  const caches = entries === 0 ? undefined : (await import('./cache/caches.ts')).answerCaches(entries, metrics);
  const { gate, charge } = createGate(settings, overload, metrics);
  const tracing = await startTracing(settings, identity, metrics, log);
  const severity = settings.requestLog ? 'INFO' : settings.logLevel === 'debug' ? 'DEBUG' : undefined;
  const lines = severity === undefined ? undefined : createRequestLog(severity, settings.googleProject, writeRequests);
  const requestLog = tracing === undefined ? lines : tracedLog(tracing, lines);
  const moveHere = (one: LabelMove) => {
    life.loaded(moved(life.served, one));
    log.info('label moved', one);
  };
  const move = async (one: LabelMove) => {
    // What can't be moved here is refused before another process hears of it.
    moved(life.served, one);
    await (moveEverywhere ?? moveHere)(one);
  };
  const labels = { isGuarded: settings.adminKeys.length > 0, move };
  const app = createApp({ life, identity, metrics, log, gate, charge, requestLog, limits: settings, labels });
  const server = createHttpServer(tracing?.traced(app) ?? app, settings);
  const begin = () =>
    load(life, settings, locate, caches, log, () => beforeReady?.(moveHere)).then(() => {
      metrics.loaded(life.models, identity);
      overload.start();
    });
  const early = listensWhenReady ? begin() : undefined;
  await early;
  const port = await listen(server, settings.host, settings.port);
  log.info('listening', { host: settings.host, port, ...identity });
  const started = early ?? begin();
  let stopped: Promise<void> | undefined;
  let reloading: Promise<() => Promise<void>> | undefined;
  return {
    port,
    life,
    metrics,
    started,
    reload() {
      // Loaded while developing alone. What is wished for before it is ready waits until it is: the models that load may be the ones before.
      reloading ??= started
        .then(() => import('./models/reload.ts'))
        .then(({ reloader }) =>
          reloader(life, locate, settings, caches, log, () => {
            metrics.loaded(life.models, identity);
            reloaded?.();
          }),
        );
      return reloading.then((again) => again());
    },
    stop({ grace }) {
      stopped ??= (async () => {
        // A service that never got traffic has nobody to wait for.
        const graceMs = grace && life.phase === 'ready' ? settings.drainGraceSeconds * 1000 : 0;
        life.drain();
        // Balancers are told to go elsewhere by readiness: what still comes is answered.
        overload.stop();
        log.info('draining', { graceSeconds: graceMs / 1000 });
        await sleep(graceMs);
        const wasInTime = await closeServer(server, stopWithinMs - graceMs);
        requestLog?.flush();
        await tracing?.stop();
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
  caches: AnswerCaches | undefined,
  log: Log,
  beforeReady: () => Promise<void> | undefined,
): Promise<void> {
  try {
    const served = await loadModels(await locate(), settings.engine, [], caches);
    life.loaded(served);
    const missing = missingSettings(
      served.all.map(({ model }) => model),
      settings.present,
    );
    if (missing !== undefined) throw new AppError('setting-missing', missing);
    const waiting = beforeReady();
    if (waiting !== undefined) {
      life.checked();
      await waiting;
    }
    life.ready();
    log.info('ready', { models: tellModels(life.served) });
    warnOfDropped(life.models, log);
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
