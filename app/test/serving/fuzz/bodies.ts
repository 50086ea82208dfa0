// Bodies that a service may be sent, drawn from a seed: a good half of them right, the rest a little wrong in one of many ways.
import type { Random } from '../../../model/random.ts';

export const protocols = ['predict', 'rows', 'tensors'] as const;
export type Protocol = (typeof protocols)[number];

export interface Body {
  readonly protocol: Protocol;
  readonly text: string;
  /** What the text carries, as the protocol understands it; absent where it is no such thing at all. */
  readonly records?: readonly unknown[];
}

const wrongValues: readonly unknown[] = ['13', '', null, true, false, {}, 1e39, -1e39, 3.4028236e38, 'NaN'];
const rightValues = [0, -0, 1, -1, 0.1, 1e-300, 5e-324, 1e-45, 16777217, 1e7, -1e12, 1e29];
const farValues = [1e31, -1e35, 3e38, -3.4028234e38];
const wrongTexts = [
  '',
  '{',
  '[',
  'null',
  '1',
  '"x"',
  'true',
  '{}}',
  '[{]',
  '\u0000',
  '{"a":NaN}',
  '{"a":01}',
  '[1,]',
  '\ufeff{',
];
const wrongNames = ['x', '', '__proto__', 'constructor', 'toString', 'Alcohol', 'alcohol ', '\u202e', '0'];

const pick = <T>(random: Random, from: readonly T[]): T => {
  const one = from[Math.floor(random() * from.length)];
  if (one === undefined) throw new RangeError('expected something to pick from; found nothing');
  return one;
};

/** @param example a good record. */
export function bodyFrom(random: Random, example: Readonly<Record<string, number>>, maxRows: number): Body {
  const protocol = pick(random, protocols);
  if (random() < 0.05) return { protocol, text: pick(random, wrongTexts) };
  const draw = random();
  const count = draw < 0.6 ? 1 : draw < 0.95 ? 2 + Math.floor(random() * 6) : draw < 0.98 ? 0 : maxRows + 1;
  const records: Record<string, unknown>[] = Array.from({ length: count }, () => nearby(random, example));
  // One in three carries a fault, in one of its records; too many records are fault enough.
  if (count > 0 && count <= maxRows && random() < 0.33) bend(random, pick(random, records), protocol);
  return { protocol, ...written(random, protocol, records, Object.keys(example)) };
}

function nearby(random: Random, example: Readonly<Record<string, number>>): Record<string, unknown> {
  const entries = Object.entries(example).map(([name, value]): [string, unknown] => {
    const draw = random();
    if (draw < 0.9) return [name, value * (0.5 + random())];
    return [name, draw < 0.995 ? pick(random, rightValues) : pick(random, farValues)];
  });
  // In any order: names count, places don't.
  return Object.fromEntries(random() < 0.5 ? entries : entries.reverse());
}

function bend(random: Random, record: Record<string, unknown>, protocol: Protocol): void {
  const name = pick(random, Object.keys(record));
  const draw = random();
  if (draw < 0.5) record[name] = pick(random, wrongValues);
  else if (draw < 0.75) delete record[name];
  // A tensor is a column of all records: another name would be another input, which is what an own property says here.
  else
    Object.defineProperty(record, protocol === 'tensors' ? 'x' : pick(random, wrongNames), {
      value: 1,
      enumerable: true,
    });
}

function written(
  random: Random,
  protocol: Protocol,
  records: readonly Record<string, unknown>[],
  names: readonly string[],
): Pick<Body, 'text' | 'records'> {
  if (protocol === 'predict') {
    const draw = random();
    const [only] = records;
    if (records.length === 1 && draw < 0.5) return { text: JSON.stringify(only), records };
    return { text: JSON.stringify(draw < 0.75 ? records : { instances: records }), records };
  }
  if (protocol === 'rows') return { text: JSON.stringify({ instances: records }), records };
  const all = [...new Set([...names, ...records.flatMap((record) => Object.keys(record))])];
  const inputs = all
    .map((name) => ({
      name,
      column: records.filter((record) => Object.hasOwn(record, name)).map((record) => record[name]),
    }))
    .filter(({ column }) => column.length > 0)
    .map(({ name, column }) => ({ name, datatype: 'FP64', shape: [column.length, 1], data: column }));
  // One column shorter than the others is no list of records: the oracle sees the ragged ones, which it refuses.
  return { text: JSON.stringify({ inputs }), records };
}
