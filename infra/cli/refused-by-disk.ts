// A disk that is full, read-only, or has something in the way can stop any step: told as that, wherever it happened.
import { DeliveryError } from '../contract/errors.ts';

const refusals: ReadonlySet<unknown> = new Set('ENOSPC EDQUOT EROFS EACCES EPERM ENOTDIR EISDIR EEXIST EIO'.split(' '));
/** These refuse for other reasons: a port below 1024, a file that is no program, a process of somebody else. */
const elsewhere = /^(spawn|listen|bind|connect|kill)/;

/** `state-unwritable` for what the file system refused; `undefined` for anything else. */
export function refusedByDisk(error: unknown): DeliveryError | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  if (!refusals.has(error.code) || elsewhere.test(String(error.syscall))) return undefined;
  return new DeliveryError('state-unwritable', `expected to write; found ${error.message}`, {
    hint: 'free some space, move what is in the way, or give this user the right to write there, and run the command again',
    cause: error,
  });
}
