// The environment, read once into a frozen value: the only place that looks at it.
import { parseArgs } from 'node:util';
import { AppError } from '../../model/errors.ts';
import { type Setting, table } from './table.ts';

type Table = typeof table;
type Values = { readonly [Key in keyof Table]: Table[Key] extends Setting<infer T> ? T : never };

export interface Settings extends Omit<Values, 'host' | 'modelsDir'> {
  readonly host: string;
  readonly modelsDir: string;
  /** Names of every variable with a value: what a model that declares settings is checked against. Never the values. */
  readonly present: ReadonlySet<string>;
  /** What was given and is not used, a sentence each: to be logged. */
  readonly ignored: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws AppError `settings-invalid` with every fault. An empty variable is an absent one. */
export function readSettings(environment: Environment = process.env): Settings {
  const faults: string[] = [];
  const ignored: string[] = [];
  const values = Object.entries<Setting<unknown>>(table).map(([key, setting]) => {
    const { variable, fallback, kind, isShared } = setting;
    const given = environment[variable] || fallback;
    const value = kind.parse(given);
    if (value !== undefined) return [key, value];
    (isShared === true ? ignored : faults).push(faultOf(setting, given));
    return [key, kind.parse(fallback)];
  });
  if (faults.length > 0) {
    throw new AppError('settings-invalid', `${faults.join('\n')}\nlist them all: node app/serving/main.ts --help`);
  }
  const present = new Set(Object.keys(environment).filter((name) => environment[name]));
  return Object.freeze({ ...Object.fromEntries(values), present, ignored }) as Settings;
}

function faultOf({ variable, kind, isSecret }: Setting<unknown>, given: string): string {
  const found = isSecret === true ? 'something else, which is not shown' : JSON.stringify(given);
  return `${variable}: expected ${kind.kind}, ${kind.range}; found ${found}`;
}

export interface SettingRow {
  readonly variable: string;
  readonly kind: string;
  readonly range: string;
  readonly fallback: string;
  readonly about: string;
}

export function settingRows(): SettingRow[] {
  return Object.values<Setting<unknown>>(table).map(({ variable, kind, fallback, about }) => ({
    variable,
    kind: kind.kind,
    range: kind.range,
    fallback: fallback || '-',
    about,
  }));
}

/** What `--help` prints, and what the table in docs/serving-settings.md says. */
export function settingsHelp(): string {
  const line = ({ variable, fallback, about }: Omit<SettingRow, 'kind' | 'range'>, expected: string) =>
    `  ${variable.padEnd(34)} ${fallback.padEnd(8)} ${expected.padEnd(31)} ${about}\n`;
  const lines = settingRows().map((row) => line(row, `${row.kind}: ${row.range}`));
  const head = line({ variable: 'variable', fallback: 'default', about: 'what' }, 'expected');
  return `The prediction service. It takes no arguments; these environment variables set it:\n\n${head}${lines.join('')}`;
}

/** @returns whether help was asked for. @throws AppError `usage` for any other argument. */
export function readArguments(argv: readonly string[]): { help: boolean } {
  try {
    const { values } = parseArgs({ args: [...argv], options: { help: { type: 'boolean', short: 'h' } } });
    return { help: values.help === true };
  } catch (cause) {
    throw new AppError(
      'usage',
      `${(cause as Error).message}; the service takes settings from its environment: --help`,
      { cause },
    );
  }
}
