// One of several processes: serves as it would alone, but begins, becomes ready and stops when the primary says so.
import type { LabelMove } from '../models/labels.ts';
import type { Service, ServiceOptions } from '../service.ts';
import { isOurs, type ToPrimary, type ToWorker } from './messages.ts';

/** Resolves when it has stopped. @param startWith starts the service. @param started as in `main.ts`, for the first process only. */
export async function serveAsWorker(
  startWith: (options: ServiceOptions) => Promise<Service>,
  started: (service: Service) => void,
): Promise<void> {
  const waiting = new Map<number, (text: string) => void>();
  let asked = 0;
  let stop = (_grace: boolean): void => process.exit(0);
  let collect = (_id: number): void => {};
  /** Labels that were moved before this process could answer. */
  const earlyMoves: LabelMove[] = [];
  let move = (one: LabelMove): void => void earlyMoves.push(one);
  const begin = Promise.withResolvers<Extract<ToWorker, { trireme: 'begin' }>>();
  const everyoneLoaded = Promise.withResolvers<void>();

  process.on('message', (message: unknown) => {
    if (!isOurs<ToWorker>(message)) return;
    if (message.trireme === 'begin') begin.resolve(message);
    else if (message.trireme === 'ready') everyoneLoaded.resolve();
    else if (message.trireme === 'move') move(message.move);
    else if (message.trireme === 'stop') stop(message.grace);
    else if (message.trireme === 'collect') collect(message.id);
    else waiting.get(message.id)?.(message.text);
  });
  // Ctrl-C goes to every process of the terminal; the primary passes it on.
  process.on('SIGINT', () => {});
  send({ trireme: 'hello' });

  const { isReplacement, isFirst } = await begin.promise;
  const service = await startWith({
    listensWhenReady: isReplacement,
    async beforeReady() {
      send({ trireme: 'loaded' });
      await everyoneLoaded.promise;
      return earlyMoves.splice(0);
    },
    shareMove: (one) => send({ trireme: 'move', move: one }),
    overallMetrics() {
      const id = ++asked;
      send({ trireme: 'metrics', id });
      return new Promise((resolve) => {
        waiting.set(id, (text) => {
          waiting.delete(id);
          resolve(text);
        });
      });
    },
  });
  move = (one) => service.moveLabel(one);
  earlyMoves.forEach(move);
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

function send(message: ToPrimary): void {
  if (process.connected) process.send?.(message);
}
