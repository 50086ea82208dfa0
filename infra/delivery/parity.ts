// Parity: the same inputs get the same answers on every stack. Pure; what was answered is read by verification.
import type { StackName } from '../contract/stack.ts';
import type { Check } from '../contract/verification.ts';
import type { PredictionRows } from './delivery.ts';
import { differenceInWords, firstDifference } from './predictions.ts';

export interface Answers {
  readonly stack: StackName;
  readonly endpoint: string;
  readonly predictions: PredictionRows;
}

/** One `parity` check per stack: it names the first other stack that disagrees, and where. None when there is nothing to compare. */
export function parityChecks(answers: readonly Answers[], tolerance: number): ReadonlyMap<StackName, Check> {
  if (answers.length < 2) return new Map();
  return new Map(answers.map((own) => [own.stack, parityOf(own, answers, tolerance)]));
}

function parityOf(own: Answers, all: readonly Answers[], tolerance: number): Check {
  const others = all.filter((other) => other.stack !== own.stack);
  const disagreement = others
    .map((other) => ({ other, difference: firstDifference(other.predictions, own.predictions, tolerance) }))
    .find(({ difference }) => difference !== undefined);
  return {
    name: 'parity',
    outcome: disagreement === undefined ? 'passed' : 'failed',
    expected: `the answers of ${others.map((other) => other.stack).join(' and ')} within ${tolerance}`,
    found:
      disagreement?.difference === undefined
        ? `${own.predictions.length} equal answers`
        : `another answer than ${disagreement.other.stack}: ${differenceInWords(disagreement.difference)}`,
    seconds: 0,
    source: `${own.endpoint}/predict`,
  };
}
