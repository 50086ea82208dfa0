// What a right service answers, worked out from the model's files alone: its own reading of the schema and a plain forward pass in 64 bits.
// It shares no code with the service on purpose: a mistake in both would have to be made twice.
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface ExpectedRow {
  /** By the class's position. */
  readonly probabilities: readonly number[];
  /** Several where they are too near each other to call. */
  readonly labels: readonly unknown[];
}
/** `either`: so far out that 32 bits may overflow where 64 do not; an answer must still be finite. */
export type Verdict = 'refused' | 'too many' | 'either' | readonly ExpectedRow[];

interface Layer {
  readonly kernel: readonly number[];
  readonly bias: readonly number[];
  readonly isRelu: boolean;
}
interface Input {
  readonly name: string;
  readonly mean: number;
  readonly std: number;
}

/** Beyond it, sums of products may not fit 32 bits. */
const farOut = 1e30;
const nearEachOther = 1e-4;
const largest = 3.4028235677973366e38;

export class Oracle {
  readonly slugs: readonly string[];
  readonly fields: readonly string[];
  readonly #inputs: readonly Input[];
  readonly #labels: readonly unknown[];
  readonly #layers: readonly Layer[];
  readonly #maxRows: number;

  /** @param bias added to every output's logit but the first's: a planted fault. */
  constructor(directory: string, maxRows: number, bias = 0) {
    const read = (name: string) => JSON.parse(readFileSync(path.join(directory, name), 'utf8'));
    const { inputs, classes } = read('model.json');
    const other = inputs.find(
      (input: { kind: string; missing: string }) => input.kind !== 'numeric' || input.missing !== 'refuse',
    );
    if (other !== undefined) throw new Error(`expected numeric inputs that must be there, found ${other.name}`);
    this.#inputs = inputs;
    this.#labels = classes.map(({ label }: { label: unknown }) => label);
    this.#maxRows = maxRows;
    this.slugs = classes.map(({ slug }: { slug: string }) => slug);
    this.fields = inputs.map(({ name }: Input) => name);
    const { modelTopology, weightsManifest } = read('network.json');
    const bytes = readFileSync(path.join(directory, 'weights.bin'));
    let at = 0;
    const tensors = weightsManifest[0].weights.map(({ shape }: { shape: number[] }) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const values = Array.from({ length: size }, (_, index) => bytes.readFloatLE(at + 4 * index));
      at += 4 * size;
      return values;
    });
    this.#layers = modelTopology.config.layers.map((layer: { config: { activation: string } }, index: number) => ({
      kernel: tensors[2 * index],
      bias: tensors[2 * index + 1],
      isRelu: layer.config.activation === 'relu',
    }));
    const last = this.#layers.at(-1);
    if (last !== undefined && bias !== 0)
      this.#layers = [
        ...this.#layers.slice(0, -1),
        { ...last, bias: last.bias.map((one, index) => (index === 0 ? one : one + bias)) },
      ];
  }

  /** @param records as a protocol carried them. */
  judge(records: readonly unknown[]): Verdict {
    if (records.length === 0) return 'refused';
    if (records.length > this.#maxRows) return 'too many';
    const rows: ExpectedRow[] = [];
    let isFar = false;
    for (const record of records) {
      const values = this.#valuesOf(record);
      if (values === undefined) return 'refused';
      if (values.some((value) => Math.abs(value) > farOut)) isFar = true;
      else rows.push(this.#answer(values));
    }
    return isFar ? 'either' : rows;
  }

  #valuesOf(record: unknown): number[] | undefined {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
    const given = Object.entries(record);
    if (given.length !== this.#inputs.length) return undefined;
    const values: number[] = [];
    for (const { name } of this.#inputs) {
      const value: unknown = given.find(([key]) => key === name)?.[1];
      // What rounds to infinity in 32 bits is none.
      if (typeof value !== 'number' || !(Math.abs(value) < largest)) return undefined;
      values.push(value);
    }
    return values;
  }

  #answer(values: readonly number[]): ExpectedRow {
    let row = this.#inputs.map(({ mean, std }, index) => ((values[index] ?? 0) - mean) / std);
    for (const { kernel, bias, isRelu } of this.#layers) {
      row = bias.map((start, to) => {
        const sum = row.reduce((total, value, from) => total + value * (kernel[from * bias.length + to] ?? 0), start);
        return isRelu ? Math.max(0, sum) : sum;
      });
    }
    const highest = Math.max(...row);
    const powers = row.map((value) => Math.exp(value - highest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    const probabilities = powers.map((power) => power / total);
    const best = Math.max(...probabilities);
    const labels = this.#labels.filter((_, index) => best - (probabilities[index] ?? 0) <= nearEachOther);
    return { probabilities, labels };
  }
}
