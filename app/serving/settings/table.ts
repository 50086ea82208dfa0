// Every setting there is. `--help` prints this table and docs/serving-settings.md shows it; a test compares them.
import { type EngineSetting, engineNames } from '../../engines/load.ts';
import { parseKeys } from '../access/keys.ts';
import { address, anyCase, choice, type Kind, list, number, onOff, text, trueFalse, whole } from './kinds.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export const samplerNames = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof samplerNames)[number];

export interface Setting<T> {
  readonly variable: string;
  readonly fallback: string;
  readonly about: string;
  readonly kind: Kind<T>;
  /** Its value is never printed. */
  readonly isSecret?: boolean;
  /** What can't be used is warned about and ignored: other programs read the variable too, and take more. */
  readonly isShared?: boolean;
}

const setting = <T>(
  variable: string,
  kind: Kind<T>,
  fallback: string,
  about: string,
  isSecret = false,
): Setting<T> => ({ variable, kind, fallback, about, isSecret });

const shared = <T>(...row: Parameters<typeof setting<T>>): Setting<T> => ({ ...setting(...row), isShared: true });

export const table = {
  port: setting('PORT', whole(0, 65_535), '8080', 'port to listen on; 0 takes a free one'),
  host: setting('HOST', text('an address'), '0.0.0.0', 'address to listen on'),
  workers: setting(
    'WORKERS',
    {
      kind: 'whole number',
      range: '1 to 64, auto',
      parse: (given) => (given === 'auto' ? 'auto' : whole(1, 64).parse(given)),
    },
    '1',
    'processes behind the one port; `auto` is one for each core',
  ),
  modelsDir: setting('MODELS_DIR', text('a path'), 'models', 'folder with one folder for each model'),
  engine: setting<EngineSetting>(
    'ENGINE',
    choice('auto', ...engineNames),
    'auto',
    'what computes predictions; `auto` measures at the start, `wasm` and `tfjs-node` must be installed',
  ),
  releaseId: setting(
    'RELEASE_ID',
    text('an id'),
    '',
    'the release this is; set by the deployment, reported at /version',
  ),
  imageDigest: setting(
    'IMAGE_DIGEST',
    text('a digest'),
    '',
    'the image this is; set by the deployment, reported at /version',
  ),
  logLevel: setting('LOG_LEVEL', choice(...logLevels), 'info', 'lowest level that is logged'),
  requestLog: setting('REQUEST_LOG', onOff, 'off', 'a log line for each request; LOG_LEVEL `debug` does that too'),
  drainGraceSeconds: setting(
    'DRAIN_GRACE_SECONDS',
    number(0, 6),
    '2',
    'how long it keeps answering after SIGTERM while balancers notice that it is not ready',
  ),
  headersTimeoutSeconds: setting(
    'HEADERS_TIMEOUT_SECONDS',
    number(1, 120),
    '10',
    'longest time the head of a request may take to arrive',
  ),
  requestTimeoutSeconds: setting(
    'REQUEST_TIMEOUT_SECONDS',
    number(1, 3600),
    '30',
    'longest time a whole request may take to arrive',
  ),
  idleTimeoutSeconds: setting(
    'IDLE_TIMEOUT_SECONDS',
    number(1, 3600),
    '60',
    'longest time without a byte in either direction while a request is answered: against clients that do not read',
  ),
  // Longer than any balancer in front keeps an idle connection (Google's: 600 s), or it sends a request into one being closed:
  // https://docs.cloud.google.com/load-balancing/docs/https/request-distribution#http-keepalive-timeout
  keepAliveSeconds: setting(
    'KEEP_ALIVE_SECONDS',
    number(1, 3600),
    '620',
    'how long a connection stays open between requests',
  ),
  bodyLimitBytes: setting('BODY_LIMIT_BYTES', whole(1024, 33_554_432), '2097152', 'largest request body'),
  maxRows: setting('MAX_ROWS', whole(1, 100_000), '1024', 'most records in one request'),
  answerCacheEntries: setting(
    'ANSWER_CACHE_ENTRIES',
    whole(0, 1_000_000),
    '0',
    'predictions, and as many explanations, that a process remembers by model and exact input, 64 MiB of each at most; 0 remembers none',
  ),
  maxConnections: setting(
    'MAX_CONNECTIONS',
    whole(1, 100_000),
    '10000',
    'most connections at a time; more are closed at once',
  ),
  maxInFlight: setting(
    'MAX_IN_FLIGHT',
    whole(1, 100_000),
    '1000',
    'most predictions begun and not answered; more are refused with 503',
  ),
  maxLoopDelayMs: setting(
    'MAX_EVENT_LOOP_DELAY_MS',
    whole(0, 60_000),
    '300',
    'mean delay of the event loop over half a second beyond which a share of predictions is refused with 503; 0 never refuses',
  ),
  apiKeys: setting(
    'API_KEYS',
    list('name:sha256, …', parseKeys),
    '',
    'who may ask for predictions: a name and the SHA-256 of a key each; empty lets everyone',
    true,
  ),
  adminKeys: setting(
    'ADMIN_KEYS',
    list('name:sha256, …', parseKeys),
    '',
    'the same for /metrics and /admin, where it must be set',
    true,
  ),
  rateLimitPerMinute: setting(
    'RATE_LIMIT_PER_MINUTE',
    whole(0, 1_000_000),
    '0',
    'most predictions a minute for each key name, or each client address without keys, in one process; 0 has no limit',
  ),
  trustProxy: setting(
    'TRUST_PROXY',
    whole(0, 10),
    '0',
    'how many proxies stand in front and add to X-Forwarded-For; 0 believes none',
  ),
  corsOrigins: setting(
    'CORS_ORIGINS',
    list('origin, … or *', parseOrigins),
    '',
    'web pages of which origins may ask; empty allows none',
  ),
  // The standard variables, read as the standard says: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
  // The SDK reads by itself OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and what OTEL_EXPORTER_OTLP_… says about headers and certificates.
  otlpEndpoint: shared(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    address,
    '',
    'collector that traces go to, OTLP over HTTP, `/v1/traces` is added; empty makes none',
    true,
  ),
  otlpTracesEndpoint: shared(
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    address,
    '',
    'the same as a whole address; before the other',
    true,
  ),
  otelDisabled: shared('OTEL_SDK_DISABLED', trueFalse, 'false', 'no traces, whatever else is set'),
  tracesSampler: shared(
    'OTEL_TRACES_SAMPLER',
    anyCase(choice(...samplerNames)),
    'parentbased_always_on',
    'which requests are traced; `parentbased_…` asks the caller first',
  ),
  tracesSamplerRatio: shared(
    'OTEL_TRACES_SAMPLER_ARG',
    number(0, 1),
    '1',
    'the share that is traced, for the samplers with `traceidratio`',
  ),
  spanTimeoutMs: shared(
    'OTEL_EXPORTER_OTLP_TIMEOUT',
    whole(1, 60_000),
    '10000',
    'how long a batch of spans may take to send, retries included, in ms',
  ),
  spanDelayMs: shared('OTEL_BSP_SCHEDULE_DELAY', whole(1, 60_000), '5000', 'how often spans are sent, in ms'),
  spanQueueSize: shared(
    'OTEL_BSP_MAX_QUEUE_SIZE',
    whole(1, 100_000),
    '2048',
    'most spans that wait to be sent; more are dropped and counted',
  ),
  googleProject: setting(
    'GOOGLE_CLOUD_PROJECT',
    text('a project'),
    '',
    'log lines name their traces as Cloud Logging joins them with Cloud Trace',
  ),
} as const;

/** @returns `undefined` unless each is what a browser sends as `Origin`. */
function parseOrigins(given: string): readonly string[] | undefined {
  if (given === '') return [];
  const origins = given.split(',').map((origin) => origin.trim());
  const isOrigin = (one: string) =>
    one === '*' || (/^https?:/.test(one) && URL.canParse(one) && new URL(one).origin === one);
  return origins.every(isOrigin) ? origins : undefined;
}
