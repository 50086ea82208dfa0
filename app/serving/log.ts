// One JSON object a line on standard output, where every runtime collects it.
import type { IncomingMessage } from 'node:http';
import { type LogLevel, logLevels } from './settings/table.ts';
import { traceFields, traceIdsOf } from './tracing/ids.ts';

export type Log = Readonly<Record<LogLevel, (message: string, details?: object) => void>>;

type Write = (line: string) => void;
const toStandardOutput: Write = (line) => process.stdout.write(line);

/** Google Cloud's word for a level; the others take any: https://docs.cloud.google.com/logging/docs/structured-logging */
const severityOf: Readonly<Record<LogLevel, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
};

export function createLog(lowest: LogLevel, write: Write = toStandardOutput): Log {
  const from = logLevels.indexOf(lowest);
  const writer = (level: LogLevel) => (message: string, details?: object) => {
    if (logLevels.indexOf(level) < from) return;
    write(`${JSON.stringify({ time: new Date().toISOString(), severity: severityOf[level], message, ...details })}\n`);
  };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

/** What is logged about a request. Never its body, a key or an address. */
export interface RequestFacts {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly code: string | undefined;
  readonly seconds: number;
  /** Absent where no model was asked. */
  readonly inferred?: Inferred | undefined;
}

/** Which model a request came to, and how many rows it answered. */
export interface Inferred {
  readonly model: string;
  readonly version: string;
  readonly rows?: number;
}

export interface RequestLog {
  line(facts: RequestFacts): void;
  /** Writes what is still held back. */
  flush(): void;
}

const holdMs = 20;
const holdCharacters = 32_768;

/**
 * Lines are held back for a moment and written together: a system call for each request would cost as much as the prediction.
 * @param googleProject where Cloud Logging finds the traces; `null` elsewhere.
 */
export function createRequestLog(
  severity: 'INFO' | 'DEBUG',
  googleProject: string | null,
  write: Write = toStandardOutput,
): RequestLog {
  let held = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (held === '') return;
    write(held);
    held = '';
  };
  return {
    flush,
    line({ request, requestId, method, route, status, code, seconds, inferred }) {
      const trace = traceIdsOf(request);
      // By hand: ids, methods and codes hold nothing that JSON would escape.
      held += `{"time":"${new Date().toISOString()}","severity":"${severity}","message":"request","requestId":"${requestId}"${
        trace === undefined ? '' : `,${JSON.stringify(traceFields(trace, googleProject)).slice(1, -1)}`
      },"method":"${method}","route":${JSON.stringify(route)},"status":${status}${code === undefined ? '' : `,"code":"${code}"`},"seconds":${seconds}${
        inferred === undefined ? '' : `,${JSON.stringify(inferred).slice(1, -1)}`
      }}\n`;
      if (held.length >= holdCharacters) flush();
      else timer ??= setTimeout(flush, holdMs);
    },
  };
}
