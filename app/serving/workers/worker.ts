// One of several processes: serves as it would alone, but begins, becomes ready, moves labels and stops when the primary says so.
import { AppError } from '../../model/errors.ts';
import type { Log } from '../log.ts';
import type { LabelMove } from '../models/labels.ts';
import type { Service, ServiceOptions } from '../service.ts';
import { isOurs, type ToPrimary, type ToWorker } from './messages.ts';

/** The way to the primary and back. */
export interface Channel {
  send(message: ToPrimary): void;
  listen(heard: (message: unknown) => void): void;
}

const toPrimary: Channel = {
  send(message) {
    if (process.connected) process.send?.(message);
  },
  listen: (heard) => void process.on('message', heard),
};

/** Resolves when it has stopped. @param startWith starts the service. @param started as in `main.ts`, for the first process only. */
export async function serveAsWorker(
  startWith: (options: ServiceOptions) => Promise<Service>,
  started: (service: Service) => void,
  log: Log,
  { send, listen }: Channel = toPrimary,
): Promise<void> {
  const metricsAsked = new Map<number, (text: string) => void>();
  const movesAsked = new Map<number, (missing: number) => void>();
  let asked = 0;
  /** A question that the primary answers under its id. */
  const ask = <T>(waiting: Map<number, (answer: T) => void>, put: (id: number) => void): Promise<T> => {
    const id = ++asked;
    return new Promise<T>((resolve) => {
      waiting.set(id, (answer) => {
        waiting.delete(id);
        resolve(answer);
      });
      put(id);
    });
  };
  let stop = (_grace: boolean): void => process.exit(0);
  let collect = (_id: number): void => {};
  /** The primary tells no process to move a label before it says that it has its models. */
  let move: ((move: LabelMove) => void) | undefined;
  const begin = Promise.withResolvers<Extract<ToWorker, { trireme: 'begin' }>>();
  const everyoneLoaded = Promise.withResolvers<void>();

  listen((message) => {
    if (!isOurs<ToWorker>(message)) return;
    if (message.trireme === 'begin') begin.resolve(message);
    else if (message.trireme === 'ready') everyoneLoaded.resolve();
    else if (message.trireme === 'move') send({ trireme: 'moved', id: message.id, isMoved: isMoved(message.move) });
    else if (message.trireme === 'move-ended') movesAsked.get(message.id)?.(message.missing);
    else if (message.trireme === 'stop') stop(message.grace);
    else if (message.trireme === 'collect') collect(message.id);
    else metricsAsked.get(message.id)?.(message.text);
  });
  // Ctrl-C goes to every process of the terminal; the primary passes it on.
  process.on('SIGINT', () => {});
  send({ trireme: 'hello' });

  /** A version that this process does not serve, because it loaded others meanwhile, is no reason to end or never to be ready. */
  function isMoved(one: LabelMove): boolean {
    try {
      move?.(one);
      return move !== undefined;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn('label not moved', { ...one, reason: error.message });
      return false;
    }
  }

  const { isReplacement, isFirst } = await begin.promise;
  const service = await startWith({
    listensWhenReady: isReplacement,
    async beforeReady(moveHere) {
      move = moveHere;
      send({ trireme: 'loaded' });
      await everyoneLoaded.promise;
    },
    async moveEverywhere(one) {
      const missing = await ask(movesAsked, (id) => send({ trireme: 'move', id, move: one }));
      if (missing === 0) return;
      throw new AppError(
        'deadline-exceeded',
        `expected every process of this service to say that it moved the label, found ${missing} that did not; send it again`,
      );
    },
    reloaded: () => send({ trireme: 'reloaded' }),
    overallMetrics: () => ask(metricsAsked, (id) => send({ trireme: 'metrics', id })),
  });
  collect = (id) => {
    service.metrics.own().then((metrics) => send({ trireme: 'snapshot', id, metrics }));
  };
  if (isFirst) service.started.then(() => started(service));
  await new Promise<void>((resolve, reject) => {
    stop = (grace) => void service.stop({ grace }).then(resolve, reject);
    // For this process alone: it drains, and the primary replaces it.
    process.on('SIGTERM', () => stop(true));
  });
}
