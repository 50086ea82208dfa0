// Several processes behind one port: starts them, replaces those that end, sums their metrics, drains all of them.
import cluster, { type Worker } from 'node:cluster';
import { AppError } from '../../model/errors.ts';
import type { Log } from '../log.ts';
import type { LabelMove } from '../models/labels.ts';
import { isOurs, type ToPrimary, type ToWorker } from './messages.ts';
import { MetricsSum } from './metrics.ts';
import { mostRestarts, recentRestarts } from './policy.ts';
import { Rounds } from './rounds.ts';

/** A process that does not say what it counts in time is left out of that sum. */
const collectWithinMs = 1000;
/** One that has not moved a label by then is told about, and moves it when it reads the message. */
const moveWithinMs = 2000;
/** Each ends by itself within 7.5 s; Cloud Run kills after 10 s. */
const killAfterMs = 8500;

/** Serves until it is asked to stop, and resolves when every process has ended. @throws AppError `workers-failing`. */
export async function supervise(count: number, log: Log): Promise<void> {
  const sum = new MetricsSum();
  const loaded = new Set<number>();
  /** The newest of each label, for a process that loads later. */
  const moves = new Map<string, ToWorker>();
  const beginnings = new Map<number, ToWorker>();
  const [collections, moving] = [new Rounds(), new Rounds()];
  let restarts: number[] = [];
  let restartsEver = 0;
  let isReady = false;
  let stopping: 'asked' | 'failing' | undefined;
  const { promise: allEnded, resolve: end } = Promise.withResolvers<void>();

  const workers = () => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  const send = (worker: Worker, message: ToWorker) => {
    if (worker.isConnected()) worker.send(message);
  };
  const start = (isReplacement: boolean, isFirst: boolean) => {
    const worker = cluster.fork();
    // Of a message to a process that is ending; its end is heard by itself.
    worker.on('error', () => {});
    log.info('worker started', { pid: worker.process.pid, ...(isReplacement ? { isReplacement } : {}) });
    beginnings.set(worker.id, { trireme: 'begin', isReplacement, isFirst });
  };
  const stop = (why: 'asked' | 'failing', grace: boolean) => {
    if (stopping !== undefined) return;
    stopping = why;
    for (const worker of workers()) send(worker, { trireme: 'stop', grace });
    setTimeout(() => {
      for (const worker of workers()) worker.process.kill('SIGKILL');
    }, killAfterMs).unref();
    if (workers().length === 0) end();
  };

  async function collect(): Promise<string> {
    const asked = workers();
    await collections.ask(
      asked.map(({ id }) => id),
      collectWithinMs,
      (id) => {
        for (const worker of asked) send(worker, { trireme: 'collect', id });
      },
    );
    return sum.text(restartsEver);
  }

  /** In every process that has its models; the others are told when they have. */
  async function move(origin: Worker, asking: number, move: LabelMove): Promise<void> {
    const asked = workers().filter(({ id }) => loaded.has(id));
    const missing = await moving.ask(
      asked.map(({ id }) => id),
      moveWithinMs,
      (id) => {
        const message = { trireme: 'move', id, move } as const;
        moves.set(`${move.model} ${move.label}`, message);
        for (const worker of asked) send(worker, message);
      },
    );
    send(origin, { trireme: 'move-ended', id: asking, missing });
  }

  cluster.setupPrimary({ serialization: 'advanced' });
  cluster.on('message', (worker, message: unknown) => {
    if (!isOurs<ToPrimary>(message)) return;
    if (message.trireme === 'hello') {
      const beginning = beginnings.get(worker.id);
      if (stopping !== undefined) send(worker, { trireme: 'stop', grace: false });
      else if (beginning !== undefined) send(worker, beginning);
      beginnings.delete(worker.id);
    } else if (message.trireme === 'loaded') {
      loaded.add(worker.id);
      if (loaded.size >= count) isReady = true;
      for (const move of moves.values()) send(worker, move);
      if (isReady) for (const one of workers()) send(one, { trireme: 'ready' });
    } else if (message.trireme === 'reloaded') {
      moves.clear();
    } else if (message.trireme === 'move') {
      void move(worker, message.id, message.move);
    } else if (message.trireme === 'moved') {
      moving.answered(message.id, worker.id, message.isMoved);
    } else if (message.trireme === 'snapshot') {
      sum.heard(worker.id, message.metrics as { name: string; type: string }[]);
      collections.answered(message.id, worker.id);
    } else {
      collect().then(
        (text) => send(worker, { trireme: 'metrics', id: message.id, text }),
        (error: Error) => log.error('metrics could not be summed', { stack: error.stack }),
      );
    }
  });
  const listened = new Set<number>();
  cluster.on('listening', (worker) => listened.add(worker.id));
  cluster.on('exit', (worker, code, signal) => {
    loaded.delete(worker.id);
    sum.ended(worker.id).catch((error: Error) => log.error('metrics could not be kept', { stack: error.stack }));
    for (const rounds of [collections, moving]) rounds.ended(worker.id);
    if (stopping === undefined) {
      log.error('worker ended', { pid: worker.process.pid, code, signal });
      const recent = recentRestarts(restarts, performance.now());
      // It said why on standard error, and would say it again: wrong settings, a taken port.
      const couldNotStart = !listened.has(worker.id) && !isReady && (code === 1 || code === 2);
      if (recent === undefined || couldNotStart) stop('failing', true);
      else {
        restarts = [...recent, performance.now()];
        restartsEver += 1;
        start(isReady, false);
      }
    }
    if (stopping !== undefined && workers().length === 0) end();
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping !== undefined && signal === 'SIGINT') process.exit(130);
      stop('asked', signal === 'SIGTERM');
    });
  }

  for (let index = 0; index < count; index++) start(false, index === 0);
  await allEnded;
  if (stopping === 'failing') {
    throw new AppError(
      'workers-failing',
      `expected processes that keep running, found one that can't start or more than ${mostRestarts} that ended in a minute; what they said stands above`,
    );
  }
}
