// Counters and histograms that cost an addition: prom-client looks a label set up by text for each observation, these once.
// They register with prom-client like its own metrics, which does the exposition and the sum over processes.
import type { Counter, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string | number>>;

interface Value {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

interface Description {
  readonly name: string;
  readonly help: string;
}

export interface CounterCell {
  value: number;
}

export class Counters {
  readonly #cells: { readonly labels: Labels; readonly cell: CounterCell }[] = [];

  constructor(registry: Registry, description: Description) {
    register(registry, 'counter', description, () =>
      this.#cells.map(({ labels, cell }) => ({ labels, value: cell.value })),
    );
  }

  /** A new series; keep what it returns. */
  cell(labels: Labels): CounterCell {
    const cell = { value: 0 };
    this.#cells.push({ labels, cell });
    return cell;
  }
}

export class HistogramCell {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;

  /** @param bounds upper bounds, ascending. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index += 1;
    counts[index] = (counts[index] ?? 0) + 1;
    this.sum += value;
  }
}

export class Histograms {
  readonly #bounds: readonly number[];
  readonly #cells: { readonly labels: Labels; readonly cell: HistogramCell }[] = [];

  constructor(registry: Registry, description: Description, bounds: readonly number[]) {
    this.#bounds = bounds;
    register(registry, 'histogram', description, () =>
      this.#cells.flatMap(({ labels, cell }) => valuesOf(description.name, labels, cell)),
    );
  }

  cell(labels: Labels): HistogramCell {
    const cell = new HistogramCell(this.#bounds);
    this.#cells.push({ labels, cell });
    return cell;
  }
}

function valuesOf(name: string, labels: Labels, { bounds, counts, sum }: HistogramCell): Value[] {
  let total = 0;
  const buckets = [...bounds, '+Inf'].map((le, index) => {
    total += counts[index] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}

function register(registry: Registry, type: string, description: Description, values: () => Value[]): void {
  const metric = {
    ...description,
    type,
    aggregator: 'sum',
    reset() {},
    get: async () => ({ ...description, type, aggregator: 'sum', values: values() }),
  };
  // prom-client asks a registered metric for `name` and `get()` alone; its type names its own classes.
  registry.registerMetric(metric as unknown as Counter);
}
