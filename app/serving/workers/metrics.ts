// The sum of several processes' metrics. What a process had counted stays counted after it ended, or sums would go down.
import { AggregatorRegistry } from 'prom-client';

interface Metric {
  readonly name: string;
  readonly type: string;
}
type Snapshot = readonly Metric[];

export class MetricsSum {
  readonly #last = new Map<number, Snapshot>();
  #ended: Snapshot = [];

  /** @param worker its id. @param snapshot what it counts now. */
  heard(worker: number, snapshot: Snapshot): void {
    this.#last.set(worker, snapshot);
  }

  /** Keeps what it had counted when it was last asked; gauges end with it. */
  async ended(worker: number): Promise<void> {
    const last = this.#last.get(worker) ?? [];
    this.#last.delete(worker);
    const counted = last.filter(({ type }) => type === 'counter' || type === 'histogram');
    this.#ended = (await aggregate([this.#ended, counted]).getMetricsAsJSON()) as unknown as Snapshot;
  }

  /** @param restarts how many processes were replaced. */
  text(restarts: number): Promise<string> {
    const own = [
      gauge('worker_processes', 'Processes of this service', this.#last.size),
      {
        ...gauge('worker_restarts_total', 'Processes that ended unexpectedly and were replaced', restarts),
        type: 'counter',
      },
    ];
    return aggregate([...this.#last.values(), this.#ended, own]).metrics();
  }
}

function aggregate(snapshots: readonly Snapshot[]) {
  return AggregatorRegistry.aggregate(snapshots.map((snapshot) => [...snapshot]));
}

function gauge(name: string, help: string, value: number) {
  return { name, help, type: 'gauge', aggregator: 'sum', values: [{ labels: {}, value }] };
}
