// The environment, read once into a frozen value: the only place that looks at it.
import { parseArgs } from 'node:util';
import { AppError } from '../model/errors.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly modelsDir: string;
  readonly releaseId: string | null;
  readonly imageDigest: string | null;
  readonly logLevel: LogLevel;
  readonly drainGraceSeconds: number;
  readonly requestTimeoutSeconds: number;
  readonly keepAliveSeconds: number;
  readonly bodyLimitBytes: number;
  readonly maxRows: number;
  /** Names of every variable with a value: what a model that declares settings is checked against. Never the values. */
  readonly present: ReadonlySet<string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Setting<T> {
  readonly variable: string;
  readonly fallback: string;
  readonly about: string;
  readonly expected: string;
  /** @returns `undefined` for a text that is not what was expected. */
  parse(text: string): T | undefined;
}

const text = (parse: (text: string) => string | undefined = (given) => given) => parse;
const number = (least: number, most: number, isWhole: boolean) => ({
  expected: `a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}`,
  parse(given: string) {
    const value = /^\d+(\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
    return value >= least && value <= most && (!isWhole || Number.isInteger(value)) ? value : undefined;
  },
});

const table = {
  port: {
    variable: 'PORT',
    fallback: '8080',
    about: 'port to listen on; 0 takes a free one',
    ...number(0, 65_535, true),
  },
  host: { variable: 'HOST', fallback: '0.0.0.0', about: 'address to listen on', expected: 'an address', parse: text() },
  modelsDir: {
    variable: 'MODELS_DIR',
    fallback: 'models',
    about: 'folder with one folder for each model',
    expected: 'a path',
    parse: text(),
  },
  releaseId: {
    variable: 'RELEASE_ID',
    fallback: '',
    about: 'the release this is; set by the deployment, reported at /version',
    expected: 'an id',
    parse: text(),
  },
  imageDigest: {
    variable: 'IMAGE_DIGEST',
    fallback: '',
    about: 'the image this is; set by the deployment, reported at /version',
    expected: 'a digest',
    parse: text(),
  },
  logLevel: {
    variable: 'LOG_LEVEL',
    fallback: 'info',
    about: '`debug` adds a line for each request',
    expected: `one of ${logLevels.join(', ')}`,
    parse: (given: string) => logLevels.find((level) => level === given),
  },
  drainGraceSeconds: {
    variable: 'DRAIN_GRACE_SECONDS',
    fallback: '2',
    about: 'how long it keeps answering after SIGTERM while balancers notice that it is not ready',
    ...number(0, 6, false),
  },
  requestTimeoutSeconds: {
    variable: 'REQUEST_TIMEOUT_SECONDS',
    fallback: '30',
    about: 'longest time a request may take to arrive',
    ...number(1, 3600, false),
  },
  keepAliveSeconds: {
    variable: 'KEEP_ALIVE_SECONDS',
    // Longer than any balancer in front keeps an idle connection (Google's: 600 s), or it sends a request into one being closed:
    // https://docs.cloud.google.com/load-balancing/docs/https/request-distribution#http-keepalive-timeout
    fallback: '620',
    about: 'how long an idle connection stays open',
    ...number(1, 3600, false),
  },
  bodyLimitBytes: {
    variable: 'BODY_LIMIT_BYTES',
    fallback: '2097152',
    about: 'largest request body',
    ...number(1024, 33_554_432, true),
  },
  maxRows: {
    variable: 'MAX_ROWS',
    fallback: '1024',
    about: 'most records in one request',
    ...number(1, 100_000, true),
  },
} as const satisfies Record<string, Setting<unknown>>;

/** @throws AppError `settings-invalid` with every fault. An empty variable is an absent one. */
export function readSettings(environment: Environment = process.env): Settings {
  const faults: string[] = [];
  const values = Object.entries<Setting<unknown>>(table).map(([key, { variable, fallback, expected, parse }]) => {
    const given = environment[variable] || fallback;
    const value = parse(given);
    if (value === undefined) faults.push(`${variable}: expected ${expected}, found ${JSON.stringify(given)}`);
    return [key, value === '' ? null : value];
  });
  if (faults.length > 0) {
    throw new AppError('settings-invalid', `${faults.join('\n')}\nlist them all: node app/serving/main.ts --help`);
  }
  const present = new Set(Object.keys(environment).filter((name) => environment[name]));
  return Object.freeze({ ...Object.fromEntries(values), present }) as Settings;
}

/** What `--help` prints, and what the README's table says. */
export function settingsHelp(): string {
  const lines = Object.values<Setting<unknown>>(table).map(
    ({ variable, fallback, about }) => `  ${variable.padEnd(24)} ${(fallback || '-').padEnd(8)} ${about}`,
  );
  return `The prediction service. It takes no arguments; these environment variables set it:\n\n  ${'variable'.padEnd(24)} ${'default'.padEnd(8)} what\n${lines.join('\n')}\n`;
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
