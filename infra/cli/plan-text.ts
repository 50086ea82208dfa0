// A plan for people: current → new for each stack, the resources touched, the fingerprint an approval is bound to.
import type { Plan } from '../contract/plan.ts';
import { replacementLines } from '../contract/replacement.ts';

const shownPaths = 4;

/** What takes a service away stands first. */
export function planLines(
  plans: readonly Plan[],
  current: Readonly<Record<string, string | null>>,
  release: string,
): string[] {
  return [...takenAwayLines(plans), ...stackLines(plans, current, release)];
}

export function takenAwayLines(plans: readonly Pick<Plan, 'stack' | 'changes'>[]): string[] {
  return replacementLines(plans).map((line) => `REPLACES: ${line}`);
}

function stackLines(
  plans: readonly Plan[],
  current: Readonly<Record<string, string | null>>,
  release: string,
): string[] {
  return plans.flatMap(({ stack, changes, fingerprint, warnings = [] }) => [
    `${stack}: ${current[stack] ?? 'nothing'} → ${release}, ${changes.length === 0 ? 'no change' : `${changes.length} ${changes.length === 1 ? 'resource' : 'resources'}`}, plan ${fingerprint.slice(0, 12)}`,
    ...changeLines({ changes, warnings }),
  ]);
}

/** A line for each resource, and for each warning of the policy pack. */
export function changeLines({ changes, warnings = [] }: Pick<Plan, 'changes' | 'warnings'>): string[] {
  return [
    ...changes.map(({ operation, type, name, paths }) => {
      const more = paths.length > shownPaths ? ` and ${paths.length - shownPaths} more` : '';
      const touched = paths.length === 0 ? '' : `: ${paths.slice(0, shownPaths).join(', ')}${more}`;
      return `  ${marks[operation]} ${operation.padEnd(7)} ${type} ${name}${touched}`;
    }),
    ...warnings.map((warning) => `  ! policy  ${warning}`),
  ];
}

const marks = { create: '+', update: '~', replace: '±', delete: '-', other: '?' } as const;
