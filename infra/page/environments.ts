// Each environment: what its stacks run, and loudly whatever is not as it should be.
import type { StackTruth } from '../delivery/environment-state.ts';
import { stopOrder } from '../delivery/stop-order.ts';
import { onStack } from '../ledger/index-of.ts';
import { type Book, brokenGlass, holdOf } from './book.ts';
import { type Html, html, link, type Part } from './html.ts';
import { releaseFile, releaseLink, said, shortMoment, shortRelease } from './words.ts';

export function environmentsSection(book: Book): Html {
  return html`<section aria-labelledby="environments"><h2 id="environments">Now</h2><div class="environments">
${[...book.environments].reverse().map((state) => environmentCard(book, state))}
</div></section>`;
}

function environmentCard(book: Book, state: Book['environments'][number]): Html {
  const { environment, kind, release, stacks } = state;
  const verdict =
    kind === 'consistent' && release !== undefined
      ? html`every stack runs ${releaseLink(release)}`
      : kind === 'none'
        ? html`runs nothing yet`
        : kind === 'split'
          ? html`<b class="bad">split</b>`
          : html`<b class="warn">not known</b>`;
  return html`<article class="card"><h3>${environment} <span class="verdict">${verdict}</span></h3>
${alarms(book, state)}
<ul class="stacks">${stacks.map((truth) => stackLine(book, truth))}</ul></article>`;
}

function stackLine(book: Book, { stack, knows, runs }: StackTruth): Html {
  const { table, deployed } = book;
  const since = runs === null ? undefined : liveSince(book, stack, runs);
  const status = table.environments.flatMap(({ stacks }) => stacks).find((one) => one.stack === stack);
  const endpoint = status?.endpoint ?? undefined;
  const outside = status?.outsideLedger;
  const state =
    knows === 'release'
      ? said({ word: 'live', mark: '●', tone: 'good' })
      : knows === 'nothing'
        ? said({ word: 'nothing', mark: '–', tone: 'calm' })
        : knows === 'under-way'
          ? said({ word: 'under way', mark: '…', tone: 'busy' })
          : said({ word: 'unknown', mark: '?', tone: 'warn' });
  return html`<li><span class="stack">${stack}</span> ${state} <span>${runs !== null && html`<a class="release" href="${releaseFile(runs)}">${shortRelease(runs)}</a>`}${since !== undefined && html` <small>since ${shortMoment(since)}</small>`}</span>${endpoint !== undefined && html` <span class="endpoint">${link(endpoint, endpoint.replace(/^https?:\/\//, ''))}</span>`}${outside !== undefined && html`<p class="notice warn"><b>Outside of trireme:</b> its own outputs name ${outside}.</p>`}${Object.keys(deployed).length > 0 && outside === undefined && html`<small class="endpoint">its own outputs agree</small>`}</li>`;
}

function alarms(book: Book, state: Book['environments'][number]): readonly Part[] {
  const { facts, policy, nowMs } = book;
  const { environment, kind, stacks } = state;
  // Where one stack is unknown, the others can differ all the same.
  const known = stacks.filter(({ knows }) => knows === 'release' || knows === 'nothing');
  const differ = kind === 'split' || new Set(known.map(({ runs }) => runs)).size > 1;
  const stop = stopOrder(facts, policy, environment, nowMs);
  const live = [...new Set(stacks.flatMap(({ runs }) => runs ?? []))];
  const tried = [...new Set(stacks.flatMap(({ tried }) => tried ?? []))];
  return [
    differ &&
      alarm(
        'bad',
        'Split',
        `${known.map(({ stack, runs }) => `${stack} runs ${runs === null ? 'nothing' : shortRelease(runs)}`).join(', ')}. The next promotion has to bring it together.`,
      ),
    ...stacks.map(({ stack, why, knows }) => knows === 'unknown' && alarm('warn', 'Unknown', `${stack} ${why}`)),
    stop !== undefined && alarm('warn', 'Frozen', `${stop}. Rolling back stays possible.`),
    ...[...new Set([...live, ...tried])].map((release) => {
      const hold = holdOf(book, release);
      return (
        hold !== undefined &&
        alarm('bad', 'Held', `${shortRelease(release)}, by ${hold.actor.login}: ${hold.body.reason}`)
      );
    }),
    ...live.map((release) => {
      const glass = brokenGlass(book, release, environment);
      return (
        glass !== undefined &&
        alarm(
          'bad',
          'Break-glass approval',
          `${shortRelease(release)} runs here because ${glass.body.approver} broke the glass: ${glass.body.breakGlass}`,
        )
      );
    }),
  ];
}

function alarm(tone: 'bad' | 'warn', what: string, why: string): Html {
  return html`<p class="notice ${tone}"><b>${what}:</b> ${why}</p>`;
}

/** Where it matters that something is live, when: the try that put it there. */
function liveSince({ index }: Book, stack: string, release: string): string | undefined {
  return index.tries.get(onStack(stack, release))?.find(({ body }) => body.state === 'healthy')?.at;
}
