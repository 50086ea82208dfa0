import { expect, it } from 'vitest';
import { readersOf } from '../../../../clouds/gcp/cloud-run/secrets.ts';

const secrets = (named: Record<string, string>) => ({ secrets: named });

it.each([
  ['each of its secrets once', { B: 'two:3', A: 'one', C: 'one' }, undefined, ['one C', 'two B']],
  ['what the live release reads as well', { A: 'one' }, { B: 'two' }, ['one undefined', 'two B']],
  ['both secrets of a variable that changes its own', { A: 'new' }, { A: 'old' }, ['new undefined', 'old A']],
])('a service may read %s', (_, own, live, expected) => {
  const readers = readersOf(secrets(own), live === undefined ? undefined : secrets(live));
  expect(readers.map(({ secret, variable }) => `${secret} ${variable}`)).toEqual(expected);
});
