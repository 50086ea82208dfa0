// The consumers: a client in a process of its own that calls every prod endpoint at a steady rate, never retries, and counts.
import { fork } from 'node:child_process';
import path from 'node:path';
import type { TrafficCount, TrafficOrder } from './traffic-client.ts';

/** Requests a second to each endpoint. A loaded laptop delivers a little less than it is told, so it is told more than the 20 it must reach. */
export const offeredRate = 25;
export const requiredRate = 20;

export interface Traffic {
  counts(): Promise<readonly TrafficCount[]>;
  stop(): Promise<readonly TrafficCount[]>;
}

/** Starts calling `POST <endpoint>/predict` with `body` at once. */
export function startTraffic(endpoints: readonly { stack: string; endpoint: string }[], body: string): Traffic {
  const client = fork(path.join(import.meta.dirname, 'traffic-client.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Ctrl-C reaches the rehearsal, which ends its client: a signal to the whole group must not lose requests on its own.
    detached: true,
  });
  const ask = (order: TrafficOrder) =>
    new Promise<readonly TrafficCount[]>((resolve, reject) => {
      const onExit = (code: number | null) =>
        reject(new Error(`the traffic client ended with ${code} before it reported`));
      client.once('exit', onExit);
      client.once('message', (counts: readonly TrafficCount[]) => {
        client.off('exit', onExit);
        resolve(counts);
      });
      client.send(order);
    });
  client.send({ kind: 'start', endpoints, body, ratePerSecond: offeredRate } satisfies TrafficOrder);
  return {
    counts: () => ask({ kind: 'count' }),
    async stop() {
      const counts = await ask({ kind: 'stop' });
      client.disconnect();
      return counts;
    },
  };
}
