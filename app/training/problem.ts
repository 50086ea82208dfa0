// `problem.yaml`, a team's own file: what to predict, from which data, how, and how good is good enough.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { describe, Faults, type Fields, isFields, requireSchema } from '../model/document.ts';
import { AppError } from '../model/errors.ts';
import { checkSettings, modelNamePattern, type NeededSetting } from '../model/schema.ts';

export const problemSchema = 'trireme.problem/1';

export interface Problem {
  readonly name: string;
  readonly task: 'classification' | 'regression';
  /** The CSV file, an absolute path; in the file, relative to the file. */
  readonly data: string;
  readonly label: string;
  /** Columns that are no inputs: identifiers, say. */
  readonly ignore: readonly string[];
  /** Input to its unit, for people: `alcohol: "% vol"`. */
  readonly units: Readonly<Record<string, string>>;
  readonly seed: number;
  /** The share of rows never trained on, from which the metrics come. */
  readonly heldOut: number;
  /** The held-out metric a model must reach to become an artifact: `accuracy` of a classifier, `r2` of a regressor. */
  readonly acceptance: { readonly metric: 'accuracy' | 'r2'; readonly atLeast: number };
  readonly network: {
    readonly layers: readonly number[];
    readonly epochs: number;
    readonly batchSize: number;
    readonly learningRate: number;
  };
  readonly settings: readonly NeededSetting[];
  /** Columns by which a comparison of two models is cut, inputs or not; numbers into `bins` parts of equal size. */
  readonly slices: readonly { readonly column: string; readonly bins: number }[];
  /** True class to predicted class to what the mistake costs; what is left out costs nothing. */
  readonly cost: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const defaults = {
  ignore: [],
  units: {},
  seed: 1,
  heldOut: 0.2,
  network: { layers: [32, 16], epochs: 20, batchSize: 16, learningRate: 0.005 },
  settings: [],
  slices: [],
  cost: {},
} as const;
const defaultBins = 4;
const keys = ['schema', 'name', 'task', 'data', 'label', 'acceptance', ...Object.keys(defaults)];

/** @throws AppError `problem-invalid` with every fault, or `schema-unknown`. */
export async function readProblem(file: string): Promise<Problem> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('problem-invalid', `expected a problem file at ${file}, found ${cause.code ?? cause.message}`, {
      cause,
    });
  });
  return parseProblem(text, file);
}

export function parseProblem(text: string, file: string): Problem {
  const yaml = parseDocument(text);
  const [unreadable] = yaml.errors;
  if (unreadable !== undefined)
    throw new AppError('problem-invalid', `${file}: expected YAML, found ${unreadable.message.split('\n')[0]}`);
  const fields: unknown = yaml.toJS();
  if (!isFields(fields))
    throw new AppError('problem-invalid', `${file}: expected keys and values, found ${describe(fields)}`);
  requireSchema(file, fields, problemSchema);

  const faults = new Faults(file);
  for (const key of Object.keys(fields)) {
    if (!keys.includes(key)) faults.add(key, `expected one of ${keys.join(', ')}`);
  }
  const { name, task, data, label } = fields;
  const { seed, heldOut, ignore, units, settings, cost } = { ...defaults, ...fields } as Fields;
  faults.expect(
    typeof name === 'string' && modelNamePattern.test(name),
    'name',
    'lower-case letters, digits, dashes and underscores',
    name,
  );
  faults.expect(task === 'classification' || task === 'regression', 'task', '`classification` or `regression`', task);
  faults.expect(typeof data === 'string' && data !== '', 'data', 'the path of a CSV file', data);
  faults.expect(typeof label === 'string' && label !== '', 'label', 'the name of a column', label);
  faults.expect(
    Number.isInteger(seed) && Number(seed) >= 0 && Number(seed) < 2 ** 31,
    'seed',
    'a whole number from 0 to 2147483647',
    seed,
  );
  faults.expect(
    typeof heldOut === 'number' && heldOut >= 0.05 && heldOut <= 0.5,
    'heldOut',
    'a share from 0.05 to 0.5',
    heldOut,
  );
  faults.expect(
    Array.isArray(ignore) && ignore.every((column) => typeof column === 'string'),
    'ignore',
    'a list of columns',
    ignore,
  );
  faults.expect(
    isFields(units) && Object.values(units).every((unit) => typeof unit === 'string'),
    'units',
    'column: unit',
    units,
  );
  const network = checkNetwork(fields.network, faults);
  const acceptance = checkAcceptance(fields.acceptance, task, faults);
  checkSettings(settings, faults);
  const slices = checkSlices(fields.slices ?? defaults.slices, faults);
  checkCost(cost, task, faults);
  faults.raise('problem-invalid');
  const problem = { name, task, label, seed, heldOut, ignore, units, settings, network, acceptance, slices, cost };
  return { ...problem, data: path.resolve(path.dirname(file), String(data)) } as Problem;
}

function checkNetwork(given: unknown, faults: Faults): object {
  if (
    given !== undefined &&
    !faults.expect(isFields(given), 'network', 'layers, epochs, batchSize, learningRate', given)
  )
    return {};
  const network = { ...defaults.network, ...(given as object | undefined) } as Fields;
  for (const key of Object.keys(network)) {
    if (!(key in defaults.network))
      faults.add(`network.${key}`, `expected one of ${Object.keys(defaults.network).join(', ')}`);
  }
  const { layers, epochs, batchSize, learningRate } = network;
  const isCount = (value: unknown, most: number) =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
  const widths = Array.isArray(layers) && layers.length <= 8 && layers.every((width) => isCount(width, 1024));
  faults.expect(widths, 'network.layers', 'at most 8 widths from 1 to 1024', layers);
  faults.expect(isCount(epochs, 10_000), 'network.epochs', 'a whole number from 1 to 10000', epochs);
  faults.expect(isCount(batchSize, 65_536), 'network.batchSize', 'a whole number from 1 to 65536', batchSize);
  faults.expect(
    Number(learningRate) > 0 && Number(learningRate) <= 1,
    'network.learningRate',
    'a number above 0, at most 1',
    learningRate,
  );
  return network;
}

function checkAcceptance(given: unknown, task: unknown, faults: Faults): object {
  const metric = task === 'regression' ? 'r2' : 'accuracy';
  const atLeast = isFields(given) && Object.keys(given).length === 1 ? given[metric] : undefined;
  const holds = typeof atLeast === 'number' && atLeast >= 0 && atLeast <= 1;
  faults.expect(holds, 'acceptance', `{ ${metric}: <a number from 0 to 1> }`, atLeast ?? given);
  return { metric, atLeast };
}

function checkSlices(given: unknown, faults: Faults): object[] {
  if (!faults.expect(Array.isArray(given), 'slices', 'a list of columns', given)) return [];
  return (given as unknown[]).map((one, index) => {
    const { column, bins = defaultBins, ...rest } = isFields(one) ? one : ({ column: one } as Fields);
    const place = `slices[${index}]`;
    const [extra] = Object.keys(rest);
    if (extra !== undefined) faults.add(`${place}.${extra}`, 'expected one of column, bins');
    faults.expect(typeof column === 'string' && column !== '', place, 'a column, or { column, bins }', column);
    const isCount = Number.isInteger(bins) && Number(bins) >= 2 && Number(bins) <= 10;
    faults.expect(isCount, `${place}.bins`, 'a whole number from 2 to 10', bins);
    return { column, bins };
  });
}

function checkCost(given: unknown, task: unknown, faults: Faults): void {
  const isMatrix =
    isFields(given) &&
    Object.values(given).every(
      (row) => isFields(row) && Object.values(row).every((cost) => typeof cost === 'number' && Number.isFinite(cost)),
    );
  if (!faults.expect(isMatrix, 'cost', '{ <true class>: { <predicted class>: <number> } }', given)) return;
  if (task === 'regression' && Object.keys(given as Fields).length > 0)
    faults.add('cost', 'expected it of a classification only');
}
