// What `parseArgs` found wrong with the words of a verb, as every error here says it: expected, found.
import { AppError } from '../model/errors.ts';

export function usageError(cause: unknown): AppError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const lacking = /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' argument (?:missing|is ambiguous)/.exec(message)?.[1];
  const unknown = /^Unknown option '([^']+)'/.exec(message)?.[1];
  if (lacking !== undefined) return new AppError('usage', `expected a value for ${lacking}; found none`, { cause });
  if (unknown !== undefined) return new AppError('usage', `expected another option; found \`${unknown}\``, { cause });
  return new AppError('usage', message, { cause });
}
