import { expect, test } from 'vitest';
import { sentenceOf } from '../../../cli/verbs/doctor.ts';

test.each([
  [[], 'all is as it should be'],
  [['good', 'good'], 'all is as it should be'],
  [
    ['good', 'note'],
    'nothing is wrong of what could be looked at; 1 note tells what was not asked or is yours to judge',
  ],
  [
    ['note', 'note'],
    'nothing is wrong of what could be looked at; 2 notes tell what was not asked or is yours to judge',
  ],
  [['good', 'fault'], '1 of 2 are not as they should be'],
  [['fault', 'note'], '1 of 2 are not as they should be; 1 note tells what was not asked or is yours to judge'],
] as const)('%j', (outcomes, sentence) => {
  expect(sentenceOf(outcomes.map((outcome) => ({ outcome })))).toBe(sentence);
});
