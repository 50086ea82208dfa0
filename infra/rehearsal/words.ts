// How the story shows a promotion before the click, and what became of every stack after it. Pure.
import { manifestHash, releaseIdOf } from '../contract/release.ts';
import type { StackOutcome } from '../delivery/delivery.ts';
import type { PreparedPromotion } from '../delivery/prepare.ts';

/** Current → new per stack, resources touched, plan fingerprints. */
export function changesOf({ promotion, manifest, plans }: PreparedPromotion): string {
  const { previous, promotion: id } = promotion.body;
  const lines = plans.flatMap(({ stack, fingerprint, changes }) => [
    `${stack.padEnd(11)} ${previous[stack] ?? 'nothing'} → ${releaseIdOf(manifest)}   ${counts(changes)}   plan ${fingerprint.slice(0, 12)}`,
    ...changes.map(({ operation, name, type, paths }) => `  ${operation.padEnd(8)} ${name} (${type})${pathsOf(paths)}`),
  ]);
  return [
    `${id}: manifest ${manifestHash(manifest).slice(0, 12)}, image ${manifest.image.digest.slice(0, 19)}…`,
    ...lines,
  ].join('\n');
}

/** One line per stack: state, seconds, checks, and why when it is not simply healthy. */
export function outcomeLines(stacks: readonly StackOutcome[]): string {
  return stacks
    .map(({ stack, state, seconds, checks, reason }) => {
      const names = checks.map((check) => `${check.name} ${check.outcome}`).join(', ');
      return `${stack.padEnd(11)} ${state.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s  ${reason ?? names}`;
    })
    .join('\n');
}

function counts(changes: PreparedPromotion['plans'][number]['changes']): string {
  const of = (operation: string) => changes.filter((change) => change.operation === operation).length;
  return `${of('create')} created, ${of('update')} updated, ${of('replace')} replaced, ${of('delete')} deleted`;
}

const shownPaths = 3;

function pathsOf(paths: readonly string[]): string {
  if (paths.length === 0) return '';
  const more = paths.length > shownPaths ? ` and ${paths.length - shownPaths} more` : '';
  return `: ${paths.slice(0, shownPaths).join(', ')}${more}`;
}
