// Each environment: what its stacks run, and loudly whatever is not as it should be.
import type { StackTruth } from '../delivery/environment-state.ts';
import { stopOrder } from '../delivery/stop-order.ts';
import { onStack } from '../ledger/index-of.ts';
import { type Book, brokenGlass, holdOf } from './book.ts';
import { type Html, html, link, type Part } from './html.ts';
import { releaseLink, said, shortRelease } from './words.ts';

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

function stackLine({ table, deployed }: Book, { stack, knows, runs }: StackTruth): Html {
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
  return html`<li><span class="stack">${stack}</span> ${state} ${runs !== null && releaseLink(runs)}${endpoint !== undefined && html` <span class="endpoint">${link(endpoint, endpoint.replace(/^https?:\/\//, ''))}</span>`}${outside !== undefined && html`<p class="notice warn"><b>Outside of trireme:</b> its own outputs name ${outside}.</p>`}${Object.keys(deployed).length > 0 && outside === undefined && html`<span class="quiet"> outputs agree</span>`}</li>`;
}

function alarms(book: Book, state: Book['environments'][number]): readonly Part[] {
  const { facts, policy, nowMs } = book;
  const { environment, kind, stacks } = state;
  const stop = stopOrder(facts, policy, environment, nowMs);
  const live = [...new Set(stacks.flatMap(({ runs }) => runs ?? []))];
  const tried = [...new Set(stacks.flatMap(({ tried }) => tried ?? []))];
  return [
    kind === 'split' &&
      alarm(
        'bad',
        'Split',
        `${stacks.map(({ stack, runs }) => `${stack} runs ${runs === null ? 'nothing' : shortRelease(runs)}`).join(', ')}. The next promotion has to bring it together.`,
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
export function liveSince({ index }: Book, stack: string, release: string): string | undefined {
  return index.tries.get(onStack(stack, release))?.find(({ body }) => body.state === 'healthy')?.at;
}
