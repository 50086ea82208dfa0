// What waits, first on the first page: for whom, why it may, what would change, and the command.
import { upstreamOf } from '../contract/stack.ts';
import { onStack } from '../ledger/index-of.ts';
import { type Book, holdOf, type PromotionStory, storyOf } from './book.ts';
import { losses, planSummary, planTables } from './change.ts';
import { command, type Html, html, type Part } from './html.ts';
import { predictionPart } from './prediction.ts';
import { pairs } from './shell.ts';
import { counted, digest, listed, moment, outcomeSaid, releaseLink, shortRelease } from './words.ts';

export function waitingSection(book: Book): Html {
  const stories = waitingStories(book);
  const content =
    stories.length === 0
      ? html`<p class="quiet">Nothing waits for an approval.</p>`
      : stories.map((story) => (story.staleSince === undefined ? waitingCard(book, story) : staleCard(story)));
  return html`<section aria-labelledby="waiting"><h2 id="waiting">Waiting</h2>${content}</section>`;
}

function waitingStories(book: Book): readonly PromotionStory[] {
  const ids = book.table.environments.flatMap(({ waiting, stale }) => [
    ...waiting,
    ...stale.map(({ promotion }) => promotion),
  ]);
  return ids.flatMap((id) => {
    const papers = book.index.promotions.get(id)?.states ?? [];
    const prepared = papers.find((fact) => fact.kind === 'promotion' && fact.body.state === 'prepared');
    return prepared?.kind === 'promotion' ? [storyOf(book, prepared)] : [];
  });
}

function waitingCard(book: Book, { prepared, approvals }: PromotionStory): Html {
  const { release, environment, at: since, body } = prepared;
  const approved = approvals.at(-1);
  const stacks = Object.keys(body.plans);
  const held = holdOf(book, release);
  return html`<article class="card waiting">
<h3>${releaseLink(release)} waits for ${approved === undefined ? html`<em>${whoMayApprove(book, prepared)}</em>` : html`<em>someone to carry it out</em>: ${approved.body.approver} approved it`}</h3>
<p>on ${listed(stacks)}, since ${moment(since)}</p>
${held !== undefined && html`<p class="notice bad"><b>Held:</b> ${held.body.reason}. It can't enter ${environment} until it is no longer held.</p>`}
${approved?.body.breakGlass !== undefined && html`<p class="notice bad"><b>Break-glass approval</b> by ${approved.body.approver}: ${approved.body.breakGlass}</p>`}
${pairs([
  ['Why it may', whyEligible(book, prepared)],
  body.override === undefined ? undefined : ['Override', body.override],
  body.replace === undefined ? undefined : ['Takes a service away, because', body.replace],
  ['Asked for by', body.requestedBy],
  ['Promotion', html`<code>${body.promotion}</code>, manifest ${digest(body.manifest)}`],
])}
${losses(body.plans)}
<details><summary>${planSummary(body.plans)}</summary>${planTables(body.plans, body.previous, release)}</details>
${predictionPart(body)}
<p class="do">${approved === undefined ? howToApprove(book) : 'Carry it out:'}</p>
${approved === undefined && command('approve', body.promotion)}
${command('promote', '--promotion', body.promotion)}
</article>`;
}

/** An approval of it would be refused: what it shows was too long ago. */
function staleCard({ prepared, staleSince }: PromotionStory): Html {
  const { release, environment, at, body } = prepared;
  return html`<article class="card waiting">
<h3>${releaseLink(release)} no longer waits to enter ${environment}: <em>stale</em></h3>
<p>on ${listed(Object.keys(body.plans))}, prepared ${moment(at)}${staleSince !== undefined && html`, stale since ${moment(staleSince)}`}; asked for by ${body.requestedBy}, as <code>${body.promotion}</code></p>
<p class="do">Prepare it again:</p>
${command('promote', '--release', release)}
</article>`;
}

/** Who may, by policy.yaml: the same rule that is asked when somebody does. */
export function whoMayApprove(
  { policy }: Pick<Book, 'policy'>,
  { body }: Pick<PromotionStory['prepared'], 'body'>,
): string {
  const { approvers, authorMayApprove, requesterMayApprove } = policy.approvals;
  const who = approvers.length === 0 ? 'a release approver' : approvers.join(' or ');
  const others = [
    ...(authorMayApprove ? [] : ['its authors']),
    ...(requesterMayApprove ? [] : [`${body.requestedBy}, who asked`]),
  ];
  return others.length === 0 ? who : `${who} other than ${listed(others)}`;
}

function howToApprove({ policy }: Pick<Book, 'policy'>): string {
  const onGitHub = policy.approvals.via.includes('github');
  const here = policy.approvals.via.some((way) => way !== 'github');
  if (onGitHub && here) return 'Approve exactly this, by reviewing the run on GitHub or here:';
  return onGitHub ? 'Approve exactly this by reviewing the run on GitHub; inside it runs:' : 'Approve exactly this:';
}

function whyEligible(book: Book, { release, environment }: PromotionStory['prepared']): Part {
  const upstream = upstreamOf(environment);
  const proving = book.stacks.filter(({ stack }) => stack.environment === upstream);
  const manifest = book.index.release.get(release)?.body.manifest;
  const proofs = proving.map(({ stack }) => {
    const verification = book.index.verifications.get(onStack(stack.name, release))?.[0];
    if (verification === undefined) return html`<li>${stack.name}: never verified</li>`;
    const { outcome, checks } = verification.body;
    const passed = checks.filter((check) => check.outcome === 'passed').length;
    return html`<li>${stack.name}: ${outcomeSaid(outcome)}, ${passed} of ${counted(checks.length, 'check')}, ${moment(verification.at)}</li>`;
  });
  return html`<ul>${proofs}${manifest !== undefined && html`<li>${manifest.source.dirty ? 'made from files that no commit holds' : html`made from commit ${digest(manifest.source.commit)}, nothing uncommitted`}</li>`}<li>not older than what ${environment} runs: ${running(book, environment)}</li></ul>`;
}

function running({ table }: Book, environment: string): string {
  const stacks = table.environments.find((one) => one.environment === environment)?.stacks ?? [];
  const names = new Set(stacks.map(({ runs }) => (runs === null ? 'nothing' : shortRelease(runs))));
  return [...names].join(', ') || 'nothing';
}
