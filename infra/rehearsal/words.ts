// How the story shows a promotion before the click, and what became of every stack after it. Pure.
import { predictionLines } from '../cli/preview-text.ts';
import { manifestHash, releaseIdOf } from '../contract/release.ts';
import type { StackOutcome } from '../delivery/delivery.ts';
import type { PreparedPromotion } from '../delivery/prepare.ts';

/** Current → new per stack, resources touched, plan fingerprints, and what the model would answer otherwise. */
export function changesOf({ promotion, manifest, plans }: PreparedPromotion): string {
  const { previous, promotion: id } = promotion.body;
  const lines = plans.flatMap(({ stack, fingerprint, changes }) => {
    const touched = changes.filter(isResource);
    return [
      `${stack.padEnd(11)} ${previous[stack] ?? 'nothing'} → ${releaseIdOf(manifest)}   ${counts(touched)}   plan ${fingerprint.slice(0, 12)}`,
      ...touched.map(
        ({ operation, name, type, paths }) => `  ${operation.padEnd(8)} ${name} (${type})${pathsOf(paths)}`,
      ),
    ];
  });
  return [
    `${id}: manifest ${manifestHash(manifest).slice(0, 12)}, image ${manifest.image.digest.slice(0, 19)}…`,
    ...lines,
    ...predictionLines(promotion.body),
  ].join('\n');
}

/** One line per stack: state, seconds, checks, and why when it is not simply healthy. A release that was put back had failed. */
export function outcomeLines(stacks: readonly StackOutcome[]): string {
  return stacks
    .map(({ stack, state, seconds, checks, reason }) => {
      return `${stack.padEnd(11)} ${wordOf(state).padEnd(8)} ${seconds.toFixed(1).padStart(5)} s  ${shortened(reason ?? checkWords(checks))}`;
    })
    .join('\n');
}

/** `identity, readiness passed`: an outcome is said once for all checks that share it. */
function checkWords(checks: StackOutcome['checks']): string {
  const outcomes = [...new Set(checks.map(({ outcome }) => outcome))];
  return outcomes
    .map((outcome) => {
      const names = checks.filter((check) => check.outcome === outcome).map(({ name }) => name);
      return `${names.join(', ')} ${outcome}`;
    })
    .join('; ');
}

function wordOf(state: StackOutcome['state']): string {
  return state === 'reverted' ? 'failed, reverted' : state;
}

type Change = PreparedPromotion['plans'][number]['changes'][number];

/** What exists in a cloud; providers and components are Pulumi's own book-keeping. */
function isResource({ type }: Change): boolean {
  return !type.startsWith('pulumi:') && !type.startsWith('trireme:');
}

function counts(changes: readonly Change[]): string {
  const of = (operation: string) => changes.filter((change) => change.operation === operation).length;
  return `${of('create')} created, ${of('update')} updated, ${of('replace')} replaced, ${of('delete')} deleted`;
}

/** People compare the first digits of a digest; the whole of it is in the ledger. */
export function shortened(text: string): string {
  return text
    .replace(/(?:[\w.-]+\/)+(\w+)@sha256:([0-9a-f]{12})[0-9a-f]{52}/g, '$1@$2')
    .replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, '$1');
}

const shownPaths = 3;

function pathsOf(all: readonly string[]): string {
  if (all.length === 0) return '';
  const paths = all.map(lastPart);
  const more = paths.length > shownPaths ? ` and ${paths.length - shownPaths} more` : '';
  return `: ${paths.slice(0, shownPaths).join(', ')}${more}`;
}

/** `…containers[0].image` says enough beside the resource's name. */
function lastPart(path: string): string {
  const parts = path.split('.');
  return parts.length > 2 ? `…${parts.slice(-2).join('.')}` : path;
}
