import { expect, test } from 'vitest';
import { idsFrom, nextStep, refuseIdle, textOfFindings, wholeInWords } from '../../cli/recover-state.ts';
import { parseStack } from '../../contract/stack.ts';

const nothing = {
  stack: 'gcp-dev',
  resources: 3,
  locks: { gone: [], held: [] },
  pending: [],
  halfMade: [],
  orphans: [],
  unnamed: [],
  idle: [],
};
const one = { urn: 'urn:x', name: 'service', type: 'gcp:cloudrunv2/service:Service', id: 'projects/p/services/s' };

test.each([
  ['nothing', {}, 'gcp-dev: 3 resources, nothing pending, nothing locked'],
  ['no state', { resources: null }, 'gcp-dev: no state, nothing pending, nothing locked'],
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

test('what is whole is told apart from what is empty and from what is not there', () => {
  expect(wholeInWords(nothing)).toBe('the state of gcp-dev is whole: nothing was left in it');
  expect(wholeInWords({ ...nothing, resources: 0 })).toBe('the state of gcp-dev is empty: nothing is deployed there');
  expect(wholeInWords({ ...nothing, resources: null })).toMatch(/^gcp-dev has no state: nothing was deployed there/);
});

test('an id that takes nothing in is refused, with why', () => {
  expect(() => refuseIdle('gcp-dev', nothing)).not.toThrow();
  expect(() => refuseIdle('gcp-dev', { ...nothing, idle: [{ name: 'service', why: 'not missing' }] })).toThrow(
    'the state of gcp-dev lacks no `service`',
  );
  expect(() => refuseIdle('gcp-dev', { ...nothing, idle: [{ name: 'service', why: 'nothing there' }] })).toThrow(
    'the cloud has no `service` under that id',
  );
});

const dev = parseStack('gcp-dev');
const prod = parseStack('aws-prod');
const runs = { knows: 'release', runs: 'rel-2-0', tried: 'rel-2-0' } as const;
const none = { knows: 'nothing', runs: null, tried: null } as const;
const failed = { knows: 'nothing', runs: null, tried: 'rel-1-0' } as const;
const lost = { knows: 'unknown', runs: null, tried: 'rel-2-0' } as const;
test.each([
  ['a foundation', 'aws', undefined, 'mended', 'npx trireme bootstrap aws'],
  ['dev that runs a release', dev, runs, 'whole', 'npx trireme verify --stack gcp-dev'],
  ['dev that runs one, not well', dev, runs, 'not well', 'npx trireme deploy --stack gcp-dev --release rel-2-0'],
  ['dev without any', dev, none, 'whole', 'npx trireme deploy --stack gcp-dev --release latest'],
  ['prod that runs a release', prod, runs, 'mended', 'npx trireme verify --stack aws-prod'],
  ['prod that runs one, not well', prod, runs, 'not well', 'npx trireme release, and let it take its road'],
  ['prod without any', prod, none, 'whole', 'npx trireme promote --release latest'],
  ['prod whose first one failed', prod, failed, 'mended', 'npx trireme promote --release rel-1-0'],
  ['prod whose job was lost', prod, lost, 'mended', 'npx trireme recover --environment prod'],
] as const)('after %s comes the road of that stack', (_, target, truth, state, next) => {
  expect(nextStep(target, truth, state)).toBe(next);
});
