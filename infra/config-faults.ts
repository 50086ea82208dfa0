// What is wrong with a stack file, one line each: key, expected, found.
import { type Document, isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { z } from 'zod';
import { nearest } from './contract/stack.ts';

/** Every key of a stack file begins with it; faults name keys without. */
export const prefix = 'trireme:';

/** Only the first fault of syntax: what follows it is guessed by the parser. */
export function readYaml(text: string): { readonly value: unknown; readonly faults: readonly string[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const [first] = document.errors;
  if (first !== undefined) {
    const { line, col } = lines.linePos(first.pos[0]);
    return { value: undefined, faults: [`line ${line}, column ${col}: no YAML: ${inside(first.message)}`] };
  }
  const repeated = repeatedKeys(document, lines);
  if (repeated.length > 0) return { value: undefined, faults: repeated };
  try {
    return { value: document.toJS(), faults: [] };
  } catch (error) {
    // An alias without its anchor is found only now.
    const said = error instanceof Error ? error.message : String(error);
    return { value: undefined, faults: [`no YAML: ${inside(said)}`] };
  }
}

/** The parser's sentence as part of ours. */
function inside(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

function repeatedKeys({ contents }: Document, lines: LineCounter): string[] {
  return isMap(contents) ? repeatedIn(contents, [], lines) : [];
}

function repeatedIn(map: YAMLMap, path: readonly string[], lines: LineCounter): string[] {
  const seen = new Map<string, number[]>();
  const below: string[] = [];
  for (const { key, value } of map.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    seen.set(name, [...(seen.get(name) ?? []), lines.linePos(key.range?.[0] ?? 0).line]);
    if (isMap(value)) below.push(...repeatedIn(value, [...path, name], lines));
  }
  const repeated = [...seen].filter(([, places]) => places.length > 1);
  return [
    ...repeated.map(([name, at]) => `${keyIn([...path, name])}: expected once; found on lines ${at.join(' and ')}`),
    ...below,
  ];
}

/** `alarms.errorRatePercent`; of a key at the top, what the file has. */
function keyIn(path: readonly string[]): string {
  const own = path[0] === 'config' ? path.slice(1) : path;
  const [first = ''] = own;
  return own.length === 1 ? `\`${first}\`` : [first.replace(prefix, ''), ...own.slice(1)].join('.');
}

/** A diff between two stack files shows only real differences. As few keys as can be are said to be in the wrong place. */
export function orderFaults(keys: readonly string[], known: readonly string[]): string[] {
  const wanted = known.map((key) => `${prefix}${key}`).filter((key) => keys.includes(key));
  const found = keys.filter((key) => wanted.includes(key));
  const inPlace = longestRising(found.map((key) => wanted.indexOf(key)));
  return found
    .filter((key) => !inPlace.has(wanted.indexOf(key)))
    .map((key) => {
      const before = wanted[wanted.indexOf(key) - 1];
      const where = before === undefined ? 'as the first key' : `after \`${before}\``;
      const is = found[found.indexOf(key) - 1];
      return `\`${key}\`: expected ${where}; found ${is === undefined ? 'as the first key' : `after \`${is}\``}`;
    });
}

/** The longest run of numbers that only rise, with others between them. */
function longestRising(numbers: readonly number[]): ReadonlySet<number> {
  const best: number[][] = [];
  for (const number of numbers) {
    const before = best.filter((run) => (run.at(-1) ?? -1) < number).sort((a, b) => b.length - a.length)[0] ?? [];
    best.push([...before, number]);
  }
  return new Set(best.sort((a, b) => b.length - a.length)[0]);
}

/** A key that a stack file does not have. */
export function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key.replace(prefix, ''), known);
  return `\`${key}\`: no such key; ${meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean \`${prefix}${meant}\`?`}`;
}

/** What the schema says against a value. @param values by key, without the prefix. */
export function schemaFaults(error: z.ZodError, schema: z.ZodType, values: unknown): string[] {
  return error.issues.flatMap((issue) => faultsOf(issue, schema, values));
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType, values: unknown): string[] {
  const path = issue.path.map(String);
  const at = path.join('.');
  const value = valueAt(values, path);
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(schemaAt(schema, path));
    return issue.keys.map((key) => {
      const meant = nearest(key, known);
      const advice = meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean \`${meant}\`?`;
      return `${[...path, key].join('.')}: no such key; ${advice}`;
    });
  }
  if (issue.code === 'invalid_key') {
    return [`${at}: ${issue.issues[0]?.message ?? 'expected another name'}; found ${shown(path.at(-1))}`];
  }
  if (value === undefined) return [`${at}: expected a value; found none`];
  return [`${at}: ${expectation(issue, value)}; found ${shown(value)}`];
}

function expectation(issue: z.core.$ZodIssue, value: unknown): string {
  const length = 'origin' in issue && issue.origin === 'string' ? ' characters' : '';
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')
        ? 'expected text, so in quotes'
        : `expected ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${length}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${length}`;
    case 'invalid_format':
      return issue.format === 'email' ? 'expected an email address' : issue.message;
    default:
      return issue.message.replace(/^Invalid input$/, 'expected another form');
  }
}

/** As a stack file has them. */
const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'keys with values',
  record: 'names with values',
  array: 'a list',
};

const longest = 80;

function shown(value: unknown): string {
  if (value === null) return 'nothing';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => fields(value)?.[key], values);
}

function fields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** The schema of what stands there, without what makes it optional. */
function schemaAt(schema: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((outer, key) => {
    const inner = bare(outer);
    if (inner instanceof z.ZodObject) return inner.shape[key];
    return inner instanceof z.ZodRecord ? inner.valueType : undefined;
  }, schema);
}

function bare(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? bare(schema.unwrap()) : schema;
}

function keysOf(schema: unknown): readonly string[] {
  const inner = bare(schema);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape);
  return inner instanceof z.ZodRecord && inner.keyType instanceof z.ZodEnum ? inner.keyType.options.map(String) : [];
}
