import { expect, test } from 'vitest';
import { DeliveryError, type DeliveryErrorCode } from '../../contract/errors.ts';
import type { Display } from '../../rehearsal/display.ts';
import { createSteps, expectObserved, outcomeOfError, StepStopped } from '../../rehearsal/steps.ts';

const silent: Display = {
  chapter() {},
  begin() {},
  say() {},
  end() {},
  note() {},
  pause() {},
  resume() {},
  close() {},
};

test('a step that returns is passed, with the seconds it took, and hands its result on', async () => {
  let now = 1000;
  const steps = createSteps(silent, () => now);
  const result = await steps.run('count', async () => {
    now += 2500;
    return 7;
  });
  expect(result).toBe(7);
  expect(steps.records).toEqual([{ name: 'count', outcome: 'passed', seconds: 2.5 }]);
});

test('a step that throws is recorded with its reason and stops the story', async () => {
  const steps = createSteps(silent, () => 0);
  const stopped = steps.run('verify', async () => {
    throw new DeliveryError('failed', 'expected a; found b');
  });
  await expect(stopped).rejects.toBeInstanceOf(StepStopped);
  expect(steps.records).toEqual([{ name: 'verify', outcome: 'failed', seconds: 0, reason: 'expected a; found b' }]);
});

test.each<[DeliveryErrorCode, string]>([
  ['failed', 'failed'],
  ['digest-mismatch', 'failed'],
  ['refused', 'failed'],
  ['ledger-corrupt', 'failed'],
  ['errored', 'errored'],
  ['stack-locked', 'errored'],
  ['cloud-unreachable', 'errored'],
  ['interrupted', 'errored'],
  ['cli-missing', 'errored'],
])('an error of code %s makes the step %s', (code, outcome) => {
  expect(outcomeOfError(new DeliveryError(code, 'x'))).toBe(outcome);
});

test('an error nobody expected could not tell anything: errored', () => {
  expect(outcomeOfError(new TypeError('a bug'))).toBe('errored');
});

test('what was not observed stops the story with what was expected and what was found', () => {
  expect(() => expectObserved(false, 'all on rel-2', 'aws-prod on rel-3')).toThrow(
    'expected all on rel-2; found aws-prod on rel-3',
  );
  expect(() => expectObserved(true, 'a', 'a')).not.toThrow();
});
