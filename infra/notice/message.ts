// What people are told, and of which facts: something waits for them, or something went otherwise than it should. Pure.
import type { Fact, FactOf } from '../contract/fact.ts';
import { tallyInWords } from '../contract/plan.ts';
import { upstreamOf } from '../contract/stack.ts';
import type { StackDrift } from '../delivery/drift.ts';
import { hasEnded } from '../delivery/environment-state.ts';
import { factInWords } from '../delivery/history.ts';
import { indexOf } from '../ledger/index-of.ts';

/** One message: a headline, and lines below it. Plain text; `payload` gives it Slack's form. */
export interface Notice {
  readonly headline: string;
  readonly lines: readonly string[];
  /** Where to go: an address. */
  readonly link?: string | undefined;
}

export interface NoticeQuestion {
  /** All facts, those the notice is about among them. */
  readonly facts: readonly Fact[];
  /** Those that are new. */
  readonly added: readonly Fact[];
  /** The run of GitHub Actions that this is, where it is one. */
  readonly run: string | undefined;
}

/** Quiet where all is as planned; one notice for each fact that is not, or that waits for somebody. */
export function noticesOf({ facts, added, run }: NoticeQuestion): readonly Notice[] {
  return added.flatMap((fact) => {
    if (fact.kind === 'promotion' && fact.body.state === 'prepared') return [waiting(facts, fact, run)];
    const alarm = alarmOf(fact);
    if (alarm === undefined) return [];
    const split = 'environment' in fact ? splitInWords(facts, fact.environment) : undefined;
    const who = `by ${fact.actor.login}, ${fact.at}`;
    return [{ headline: alarm, lines: [factInWords(fact), ...(split === undefined ? [] : [split]), who], link: run }];
  });
}

function waiting(
  facts: readonly Fact[],
  { release, environment, at, body }: FactOf<'promotion'>,
  run?: string,
): Notice {
  const stacks = Object.keys(body.plans);
  const changes = Object.values(body.plans).flatMap((plan) => plan.changes);
  const preview = body.previewDocument;
  return {
    headline: `${release} waits for an approval to enter ${environment}`,
    lines: [
      `asked for by ${body.requestedBy}, since ${at}: who may approve it stands in policy.yaml`,
      ...stacks.map((stack) => `${stack}: ${body.previous[stack] ?? 'nothing'} → ${release}`),
      `what changes: ${tallyInWords(changes)}`,
      ...provenUpstream(facts, release, environment),
      ...(preview === undefined
        ? [`predictions: ${body.noPreview ?? 'not compared'}`]
        : [`predictions: ${preview.total.flips} of ${preview.total.rows} labels flip (${preview.inputs})`]),
      ...(run === undefined ? [`npx trireme approve ${body.promotion}`] : []),
    ],
    link: run,
  };
}

function provenUpstream(facts: readonly Fact[], release: string, environment: FactOf<'promotion'>['environment']) {
  const upstream = upstreamOf(environment);
  if (upstream === undefined) return [];
  const { verifications } = indexOf(facts);
  const proofs = [...verifications.keys()]
    .filter((key) => key.endsWith(` ${release}`) && key.startsWith(`${key.split('-')[0]}-${upstream} `))
    .flatMap((key) => verifications.get(key)?.[0] ?? [])
    .map(({ stack, body }) => `${stack} ${body.outcome} (${body.checks.length} checks)`);
  return proofs.length === 0 ? [] : [`verified in ${upstream}: ${proofs.join(', ')}`];
}

/** Of one look at all stacks; quiet where each of them was looked at and none differs. */
export function driftNotice(stacks: readonly StackDrift[], run: string | undefined): Notice | undefined {
  const named = (outcome: StackDrift['outcome']) =>
    stacks.filter((one) => one.outcome === outcome).map(({ stack }) => stack);
  const [drifted, unknown] = [named('drift'), named('unknown')];
  if (drifted.length + unknown.length === 0) return undefined;
  return {
    headline:
      drifted.length > 0 ? `drift: ${drifted.join(', ')}` : `nobody could look for drift: ${unknown.join(', ')}`,
    lines: stacks.flatMap(({ stack, findings, untold }) => [
      ...findings.map(
        ({ where, field, declared, found }) => `${stack}: ${where} ${field}: declared ${declared}, found ${found}`,
      ),
      ...untold.map((reason) => (reason.startsWith(stack) ? reason : `${stack}: ${reason}`)),
    ]),
    link: run,
  };
}

/** The headline of a fact that people must hear of; `undefined` for what went as planned. */
function alarmOf(fact: Fact): string | undefined {
  switch (fact.kind) {
    case 'approval':
      return fact.body.breakGlass === undefined ? undefined : `BREAK-GLASS approval for ${fact.environment}`;
    case 'freeze':
      return `${fact.environment} is frozen`;
    case 'thaw':
      return `${fact.environment} is thawed`;
    case 'hold':
      return `${fact.release} is held`;
    case 'rollback':
      return `${fact.environment} is being rolled back to ${fact.release}`;
    case 'promotion':
      return fact.body.state === 'failed'
        ? `the promotion of ${fact.release} failed in ${fact.environment}`
        : undefined;
    case 'deployment': {
      const { state } = fact.body;
      const bad = state === 'failed' || state === 'reverted' || state === 'revert-failed' || state === 'unknown';
      // What fails in the first environment is its author's to see; and going back may still be under way.
      if (!bad || upstreamOf(fact.environment) === undefined || !hasEnded(fact)) return undefined;
      return `${fact.stack}: ${fact.release} ${state}`;
    }
    default:
      return undefined;
  }
}

/** What the stacks that ever ran something run now, where they differ. */
function splitInWords(facts: readonly Fact[], environment: string): string | undefined {
  const { current, deployments } = indexOf(facts);
  const stacks = [...deployments.keys()].filter((stack) => stack.endsWith(`-${environment}`)).sort();
  const runs = stacks.map((stack) => ({ stack, release: current.get(stack)?.release ?? 'nothing' }));
  if (new Set(runs.map(({ release }) => release)).size < 2) return undefined;
  return `${environment} is split: ${runs.map(({ stack, release }) => `${stack} runs ${release}`).join(', ')}`;
}

/** Slack's form (https://docs.slack.dev/reference/block-kit/blocks/section-block), which others take as well. */
export function payload({ headline, lines, link }: Notice): object {
  const way = link === undefined ? '' : `\n<${link}|Look at it>`;
  const text = cut([`*${mrkdwn(headline)}*`, ...lines.map(mrkdwn)].join('\n'), longest - way.length) + way;
  // Slack shows the blocks; receivers that know only `text` show the same.
  return { text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }] };
}

/** A block holds 3000 characters. */
const longest = 2_900;

/** The way to go stays whole, and so does what stands for a character: an entity, a pair of surrogates. */
function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1).replace(/&[a-z]*$|[\uD800-\uDBFF]$/, '')}…`;
}

/** So that a reason can neither ping a channel nor be a link (https://docs.slack.dev/messaging/formatting-message-text#escaping). */
function mrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
