// Counters and histograms that cost an addition: prom-client looks a label set up by text for each observation, these once.
type Labels = Readonly<Record<string, string | number>>;

/** One line of the exposition. */
export interface Value {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

export interface Description {
  readonly name: string;
  readonly help: string;
}

/** What is counted under one name. */
export interface Family extends Description {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Over several processes; `sum` where it is left out. */
  readonly aggregator?: 'sum' | 'first';
  values(): Value[];
}

export interface CounterCell {
  value: number;
}

export class Counters implements Family {
  readonly type = 'counter';
  readonly name: string;
  readonly help: string;
  readonly #cells: { readonly labels: Labels; readonly cell: CounterCell }[] = [];

  constructor({ name, help }: Description) {
    this.name = name;
    this.help = help;
  }

  values(): Value[] {
    return this.#cells.map(({ labels, cell }) => ({ labels, value: cell.value }));
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

export class Histograms implements Family {
  readonly type = 'histogram';
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #cells: { readonly labels: Labels; readonly cell: HistogramCell }[] = [];

  constructor({ name, help }: Description, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
  }

  values(): Value[] {
    return this.#cells.flatMap(({ labels, cell }) => valuesOf(this.name, labels, cell));
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
