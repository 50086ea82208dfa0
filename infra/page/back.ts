// The way back: to which release, what goes back with it and what does not, and the command.
import { DeliveryError } from '../contract/errors.ts';
import type { ReleaseManifest } from '../contract/release.ts';
import { releaseIdOf } from '../contract/release.ts';
import type { Environment } from '../contract/stack.ts';
import { rollbackTarget } from '../delivery/rollback.ts';
import { sequenceOf } from '../delivery/sequence.ts';
import type { Book } from './book.ts';
import { differences } from './change.ts';
import { command, type Html, html } from './html.ts';
import { listed, releaseLink, shortRelease } from './words.ts';

export function backSection(book: Book): Html {
  const cards = [...book.environments].reverse().map(({ environment }) => wayBack(book, environment));
  return html`<section aria-labelledby="back"><h2 id="back">Roll back</h2>${cards}</section>`;
}

function wayBack(book: Book, environment: Environment): Html {
  const target = targetOf(book, environment);
  if (typeof target === 'string')
    return html`<article class="card"><h3>${environment}</h3><p class="quiet">${target}</p></article>`;
  const id = releaseIdOf(target);
  const running = [
    ...new Set(
      book.environments.find((one) => one.environment === environment)?.stacks.flatMap(({ runs }) => runs ?? []),
    ),
  ];
  return html`<article class="card"><h3>${environment} goes back to ${releaseLink(id)}</h3>
<p>the newest earlier release that every stack proved. No approval is asked; the proof is the same.</p>
${running.filter((from) => from !== id).map((from) => whatGoesBack(book, from, target))}
${command('rollback', '--environment', environment, '--to', id, '--reason', 'why')}
</article>`;
}

/** For the page of one release: the commands that go back to exactly it, where it was proven and something newer runs. */
export function waysBackTo(book: Book, release: string): readonly Html[] {
  return [...book.environments].reverse().flatMap(({ environment, stacks: truths }) => {
    const isEarlier = truths.some(({ runs }) => runs !== null && sequenceOf(release) < sequenceOf(runs));
    if (!isEarlier || typeof targetOf(book, environment, release) === 'string') return [];
    return [command('rollback', '--environment', environment, '--to', release, '--reason', 'why')];
  });
}

/** By the rule that the command itself asks; a sentence says why not. */
function targetOf({ facts, stacks }: Book, environment: Environment, to?: string): ReleaseManifest | string {
  const own = stacks.filter(({ stack }) => stack.environment === environment);
  try {
    return rollbackTarget(facts, environment, own, to);
  } catch (error) {
    if (error instanceof DeliveryError) return error.message;
    throw error;
  }
}

/** The image carries code, models and Node; everything a stack file or the cloud holds is as it is now. */
function whatGoesBack({ index }: Book, from: string, target: ReleaseManifest): Html | undefined {
  const manifest = index.release.get(from)?.body.manifest;
  if (manifest === undefined) return undefined;
  const changed = differences(manifest, target).map(({ part }) => part);
  const isBaked = (part: string) => !part.startsWith('stack file') && part !== 'infrastructure program';
  const back = changed.filter(isBaked);
  const stay = changed.filter((part) => !isBaked(part));
  return html`<dl><div><dt>Goes back from ${shortRelease(from)}</dt><dd>${back.length === 0 ? 'nothing but the name' : listed(back)}</dd></div>
<div><dt>Does not go back</dt><dd>${stay.length > 0 && html`${listed(stay)}: changed since, and applied as they are now; `}recorded predictions and feedback, data in databases, secrets, this ledger</dd></div></dl>`;
}
