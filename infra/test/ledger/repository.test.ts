import { expect, it } from 'vitest';
import { openLedger } from '../../ledger/git.ts';
import { unreachable, withoutLogin } from '../../ledger/repository.ts';

it.each([
  ['https://x-access-token:secret@github.com/acme/trireme', 'https://github.com/acme/trireme'],
  ['https://secret@github.com/acme/trireme.git', 'https://github.com/acme/trireme.git'],
  ['https://github.com/acme/trireme', 'https://github.com/acme/trireme'],
  ['git@github.com:acme/trireme.git', 'git@github.com:acme/trireme.git'],
  ['/var/lib/a@b/ledger.git', '/var/lib/a@b/ledger.git'],
])('%s is shown as %s', async (repository, shown) => {
  expect(withoutLogin(repository)).toBe(shown);
  expect((await openLedger({ repository, cache: 'never-made' })).location).toBe(`${shown} (branch trireme-ledger)`);
  expect(unreachable(repository, `fatal: unable to access '${repository}/'`).message).not.toContain('secret');
});
