// One JSON object a line on standard output, where every runtime collects it.
import type { LogLevel } from './settings.ts';
import { logLevels } from './settings.ts';

export type Log = Readonly<Record<LogLevel, (message: string, details?: object) => void>>;

/** Google Cloud's word for a level; the others take any: https://docs.cloud.google.com/logging/docs/structured-logging */
const severityOf: Readonly<Record<LogLevel, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
};

export function createLog(lowest: LogLevel, write: (line: string) => void = (line) => process.stdout.write(line)): Log {
  const from = logLevels.indexOf(lowest);
  const writer = (level: LogLevel) => (message: string, details?: object) => {
    if (logLevels.indexOf(level) < from) return;
    write(`${JSON.stringify({ time: new Date().toISOString(), severity: severityOf[level], message, ...details })}\n`);
  };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}
