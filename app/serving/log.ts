// One JSON object a line on standard output, where every runtime collects it.
import type { LogLevel } from './settings/table.ts';
import { logLevels } from './settings/table.ts';

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
  readonly requestId: string;
  readonly traceparent: string | undefined;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly code: string | undefined;
  readonly seconds: number;
}

export interface RequestLog {
  line(facts: RequestFacts): void;
  /** Writes what is still held back. */
  flush(): void;
}

const holdMs = 20;
const holdCharacters = 32_768;

/** Lines are held back for a moment and written together: a system call for each request would cost as much as the prediction. */
export function createRequestLog(severity: 'INFO' | 'DEBUG', write: Write = toStandardOutput): RequestLog {
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
    line({ requestId, traceparent, method, route, status, code, seconds }) {
      const trace = traceparent === undefined ? undefined : traceOf(traceparent);
      // By hand: ids, methods and codes hold nothing that JSON would escape.
      held += `{"time":"${new Date().toISOString()}","severity":"${severity}","message":"request","requestId":"${requestId}"${
        trace === undefined ? '' : `,"traceId":"${trace.traceId}","parentId":"${trace.parentId}"`
      },"method":"${method}","route":${JSON.stringify(route)},"status":${status}${code === undefined ? '' : `,"code":"${code}"`},"seconds":${seconds}}\n`;
      if (held.length >= holdCharacters) flush();
      else timer ??= setTimeout(flush, holdMs);
    },
  };
}

const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** @returns `undefined` for what https://www.w3.org/TR/trace-context/#traceparent-header calls invalid. */
export function traceOf(traceparent: string): { traceId: string; parentId: string } | undefined {
  const [, version, traceId, parentId, more] = traceparentPattern.exec(traceparent) ?? [];
  if (traceId === undefined || parentId === undefined || version === 'ff') return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return /^0+$/.test(traceId) || /^0+$/.test(parentId) ? undefined : { traceId, parentId };
}
