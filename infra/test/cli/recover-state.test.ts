import { expect, test } from 'vitest';
import { idsFrom, textOfFindings } from '../../cli/recover-state.ts';

const nothing = {
  stack: 'gcp-dev',
  locks: { gone: [], held: [] },
  pending: [],
  halfMade: [],
  orphans: [],
  unnamed: [],
};
const one = { urn: 'urn:x', name: 'service', type: 'gcp:cloudrunv2/service:Service', id: 'projects/p/services/s' };

test.each([
  ['nothing', {}, 'gcp-dev: nothing pending, nothing locked'],
  ['a dead lock', { locks: { gone: ['ada@x (process 1)'], held: [] } }, 'which is gone: the lock is removed'],
  ['a lock', { locks: { gone: [], held: ['ada@x (process 1)'] } }, 'may be alive: nothing is done, unless with --gone'],
  [
    'a creation',
    { pending: [{ ...one, operation: 'creating' }] },
    'creating service (gcp:cloudrunv2/service:Service), and nobody knows',
  ],
  ['half of one', { halfMade: [{ ...one, reasons: ['not ready'] }] }, 'is not well: not ready'],
  ['an orphan', { orphans: [one] }, 'the cloud has it as projects/p/services/s and the state does not: taken in'],
  ['an orphan without a name', { unnamed: [{ ...one, id: undefined }] }, 'under an id that only the cloud knows'],
])('%s is shown, with what is done about it', (_what, found, words) => {
  expect(textOfFindings({ ...nothing, ...found })).toContain(words);
});

test('ids are given by name; an ARN may hold what it likes', () => {
  expect(idsFrom(['service=arn:aws:apprunner:eu-west-1:1:service/x/y=z'])).toEqual({
    service: 'arn:aws:apprunner:eu-west-1:1:service/x/y=z',
  });
  expect(() => idsFrom(['service'])).toThrow(/NAME=ID/);
});
