// The folders a ledger lies in: made when they are missing, and told apart from remotes.
import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DeliveryError } from '../contract/errors.ts';
import { git, reasonLine } from './git-command.ts';

/** Made beside its place and renamed into it, so that two processes may be first at once and neither sees half of it. */
export async function makeRepository(folder: string): Promise<void> {
  if (await exists(folder)) return;
  const temporary = `${folder}.${randomUUID()}`;
  try {
    await mkdir(dirname(folder), { recursive: true });
    await git(['init', '--quiet', '--bare', '--template=', temporary]);
    await rename(temporary, folder);
  } catch (cause) {
    if (await exists(folder)) return;
    if (cause instanceof DeliveryError) throw cause;
    throw new DeliveryError('state-unwritable', `expected to write to ${folder}; found: ${String(cause)}`, {
      hint: 'free some space, or give this user the right to write there',
      cause,
    });
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
  }
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export function isFolder(repository: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\/|^[^/]+:/i.test(repository);
}

export function unreachable(repository: string, stderr: string): DeliveryError {
  const found = `could not reach the ledger in ${repository}: ${reasonLine(stderr)}`;
  return new DeliveryError('errored', withoutLogin(found), {
    hint: 'check that the repository exists and that you may read and push to it',
  });
}

/** A remote's URL may carry a token; where the ledger is, pages and messages say to everybody. */
export function withoutLogin(text: string): string {
  return text.replace(/\/\/[^@/\s]+@/g, '//');
}
