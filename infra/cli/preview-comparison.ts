// A comparison with another commit, for people: what each stack would change, what a rule refuses, what can't be shown. Pure.
import type { Plan } from '../contract/plan.ts';
import { changeLines, takenAwayLines } from './plan-text.ts';

export interface StackComparison {
  readonly stack: string;
  /** Absent where there is none: then the note says why. */
  readonly plan?: Plan;
  readonly note?: string;
  /** By a rule of the policy pack. */
  readonly refused?: boolean;
}

export interface Comparison {
  /** What it is compared with. */
  readonly commit: string;
  readonly stacks: readonly StackComparison[];
}

/** A pull request's comment takes 65,536 characters: https://docs.github.com/rest/issues/comments. What is around it needs some. */
const mostCharacters = 50_000;

/** Those that change first; each that does not is one line. */
export function comparisonText({ stacks }: Comparison): string {
  const noted = stacks.filter(({ plan }) => plan === undefined);
  const changed = stacks.filter(({ plan }) => plan !== undefined && changeLines(plan).length > 0);
  const same = stacks.filter(({ plan }) => plan !== undefined && changeLines(plan).length === 0);
  const lines = [
    ...changed.flatMap(({ stack, plan }) =>
      plan === undefined ? [] : [...takenAwayLines([plan]), heading(stack, plan), ...changeLines(plan)],
    ),
    ...noted.flatMap(({ stack, note = '', refused }) => `${stack}: ${refused ? 'REFUSED: ' : ''}${note}`.split('\n')),
    ...(same.length === 0 ? [] : [`no change: ${same.map(({ stack }) => stack).join(', ')}`]),
  ];
  return bounded(lines);
}

function heading(stack: string, { changes }: Plan): string {
  return `${stack}: ${changes.length} ${changes.length === 1 ? 'resource' : 'resources'}`;
}

/** Whole lines, and how many are missing. */
function bounded(lines: readonly string[]): string {
  let length = 0;
  const fitting = lines.findIndex((line) => {
    length += line.length + 1;
    return length > mostCharacters;
  });
  if (fitting === -1) return lines.join('\n');
  return [...lines.slice(0, fitting), `… and ${lines.length - fitting} lines more`].join('\n');
}

/** In one sentence. */
export function comparisonSentence({ commit, stacks }: Comparison): string {
  const resources = stacks.reduce((sum, { plan }) => sum + (plan?.changes.length ?? 0), 0);
  const refused = stacks.filter((one) => one.refused).map(({ stack }) => stack);
  const rule = refused.length === 0 ? '' : `; refused by a rule: ${refused.join(', ')}`;
  return `beside ${commit.slice(0, 12)}, this checkout would change ${resources} ${resources === 1 ? 'resource' : 'resources'}${rule}`;
}
