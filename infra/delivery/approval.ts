// Does this approval still hold? Pure: a person approved one manifest, these plans, this state of the environment; anything else is refused by name.
import type { Fact, FactOf } from '../contract/fact.ts';
import { previewHash } from '../contract/preview.ts';
import { manifestHash, type ReleaseManifest } from '../contract/release.ts';
import { environmentHead } from '../ledger/view.ts';
import { authorsBrought } from './authors.ts';
import type { Policy } from './policy.ts';
import { overtakenBy, type Promotion, promotionState, staleSince } from './promotion-state.ts';

/** By which way somebody approves: what `approvals.via` of the policy names. */
export type ApprovalWay = Policy['approvals']['via'][number];

/** One reason to refuse. `again`: preparing the promotion anew would cure it, because the world moved and nobody is in the wrong. */
export interface Fault {
  readonly reason: string;
  readonly again: boolean;
}

export interface ApproverQuestion {
  readonly facts: readonly Fact[];
  readonly login: string;
  readonly way: ApprovalWay;
  /** Why the rules about people are set aside, where somebody says so. */
  readonly breakGlass?: string | undefined;
  readonly promotion: Promotion;
  readonly manifest: ReleaseManifest;
  readonly policy: Policy;
  readonly emulated: boolean;
}

/** Reasons why this person, by this way, may not approve this promotion. Breaking glass sets aside who may, never by which way. */
export function judgeApprover(question: ApproverQuestion): readonly string[] {
  const { login, way, breakGlass, policy, emulated } = question;
  const { approvals } = policy;
  return [
    ...(approvals.via.includes(way)
      ? []
      : [`policy.yaml accepts approvals by ${approvals.via.join(', ')}, not by ${way}`]),
    ...(emulated || way !== 'local' ? [] : ['real clouds accept approvals by GitHub or by a signature only']),
    ...(breakGlass === undefined ? personFaults(question) : breakGlassFaults(login, approvals.breakGlass)),
  ];
}

function personFaults({ facts, login, promotion, manifest, policy: { approvals } }: ApproverQuestion): string[] {
  const isApprover = (person: string) => namesOf(login, approvals.keys).some((name) => isSamePerson(name, person));
  const author = authorsBrought(facts, manifest, promotion.body.previous).find(isApprover);
  return [
    ...(author !== undefined && !approvals.authorMayApprove
      ? [`${login} wrote a commit that this promotion brings (${author})`]
      : []),
    ...(isApprover(promotion.body.requestedBy) && !approvals.requesterMayApprove
      ? [`${login} asked for this promotion`]
      : []),
    ...(approvals.approvers.length === 0 || approvals.approvers.some((one) => isSamePerson(login, one))
      ? []
      : [`${login} is not among policy.yaml's approvers (${approvals.approvers.join(', ')})`]),
  ];
}

/** By what git may know whoever approves: the login, and the addresses that stand beside their keys. */
function namesOf(login: string, keys: Policy['approvals']['keys']): readonly string[] {
  const own = keys.filter((one) => one.login.toLowerCase() === login.trim().toLowerCase());
  return [login, ...own.flatMap(({ emails = [] }) => emails)];
}

function breakGlassFaults(login: string, allowed: readonly string[]): string[] {
  if (allowed.some((one) => isSamePerson(login, one))) return [];
  const who = allowed.length === 0 ? 'nobody' : allowed.join(', ');
  return [`${login} may not break glass: approvals.breakGlass of policy.yaml names ${who}`];
}

export interface ApprovalQuestion extends Omit<ApproverQuestion, 'login' | 'way' | 'breakGlass'> {
  readonly approval: FactOf<'approval'>;
  /** What is wrong with the approval's signature, as it was verified just now; `undefined` for a good one, or where there is none. */
  readonly signatureFault?: string | undefined;
  /** Stack to fingerprint, as previewed just now; only these stacks are compared. */
  readonly plans: Readonly<Record<string, string>>;
  /** Stack to what it runs just now. */
  readonly previous: Readonly<Record<string, string | null>>;
  /** Names of all stacks that exist in the environment. */
  readonly stacks: readonly string[];
  readonly nowMs: number;
}

/** Every way in which what is about to happen differs from what was approved; empty when the approval holds. */
export function judgeApproval(question: ApprovalQuestion): readonly Fault[] {
  const { approval, signatureFault } = question;
  const { approver, breakGlass } = approval.body;
  const never = (reason: string): Fault => ({ reason, again: false });
  return [
    ...stateFaults(question),
    ...differences(question).map((reason) => ({ reason, again: true })),
    ...timeFaults(question).map((reason) => ({ reason, again: true })),
    ...(signatureFault === undefined ? [] : [never(signatureFault)]),
    ...(approval.actor.login === approver
      ? []
      : [never(`the approval names ${approver}, recorded by ${approval.actor.login}`)]),
    ...judgeApprover({ ...question, login: approver, way: wayOf(approval), breakGlass }).map(never),
  ];
}

export function wayOf({ actor, body }: FactOf<'approval'>): ApprovalWay {
  return body.signature === undefined ? actor.via : 'signed';
}

function differences({ approval, promotion, manifest, plans, previous, stacks }: ApprovalQuestion): string[] {
  const { body } = approval;
  const shown = promotion.body;
  const gone = Object.keys(body.plans).filter((stack) => !stacks.includes(stack));
  const document = shown.previewDocument;
  return [
    ...(body.manifest === manifestHash(manifest) && shown.manifest === body.manifest
      ? []
      : [`the manifest is ${short(manifestHash(manifest))}, approved was ${short(body.manifest)}`]),
    ...Object.entries(plans)
      .filter(([stack, fingerprint]) => body.plans[stack] !== fingerprint)
      .map(
        ([stack, now]) => `the plan of ${stack} is ${short(now)}, approved was ${short(body.plans[stack] ?? 'none')}`,
      ),
    ...gone.map((stack) => `${stack} was approved, and has no stack file any more`),
    ...Object.entries(previous)
      .filter(([stack, release]) => (body.previous[stack] ?? null) !== release)
      .map(
        ([stack, now]) =>
          `${stack} runs ${now ?? 'nothing'}, approved was a change from ${body.previous[stack] ?? 'nothing'}`,
      ),
    ...(body.preview === shown.preview && (document === undefined || previewHash(document) === body.preview)
      ? []
      : [`the prediction preview is ${short(shown.preview ?? 'none')}, approved was ${short(body.preview ?? 'none')}`]),
  ];
}

function timeFaults({ approval, promotion, policy, nowMs }: ApprovalQuestion): string[] {
  const expires = expiryOf(approval, policy);
  const stale = staleSince(promotion, policy);
  return [
    ...(nowMs <= Date.parse(expires) ? [] : [`the approval expired at ${expires}`]),
    ...(nowMs <= Date.parse(stale) ? [] : [`the promotion was prepared at ${promotion.at} and went stale at ${stale}`]),
  ];
}

/** What the approval says, and never later than the policy gives it: who signs one, or appends it, could write any time there. RFC 3339. */
export function expiryOf({ at, body }: FactOf<'approval'>, { approvals }: Pick<Policy, 'approvals'>): string {
  const latestMs = Date.parse(at) + approvals.expiresHours * 3_600_000;
  return Date.parse(body.expires) <= latestMs ? body.expires : new Date(latestMs).toISOString();
}

/** Once a promotion has started, its own deployments move the environment's head; then only another promotion or a rollback counts. */
function stateFaults({ facts, promotion, approval }: ApprovalQuestion): Fault[] {
  const id = promotion.body.promotion;
  const state = promotionState(facts, id);
  if (state === 'started') {
    const other = overtakenBy(facts, promotion);
    if (other === undefined) return [];
    return [{ reason: `a ${other.kind} by ${other.actor.login} at ${other.at} came between`, again: false }];
  }
  if (state !== 'prepared') return [{ reason: `promotion ${id} is ${state}`, again: false }];
  const head = environmentHead(facts, promotion.environment, id);
  if (head === approval.body.environmentHead) return [];
  const fact = facts.find((one) => one.id === head);
  const what = `${fact?.kind ?? 'a fact'} at ${fact?.at ?? 'an unknown time'}`;
  return [{ reason: `something else happened in ${promotion.environment} since: ${what}`, again: true }];
}

/**
 * Is a login the person of `name <email>`, a bare login or a bare address? Compared with the name, the address, what stands before its @, and
 * the login in GitHub's own address `<id>+<login>@users.noreply.github.com`
 * (https://docs.github.com/account-and-profile/reference/email-addresses-reference). Case does not matter.
 */
export function isSamePerson(login: string, person: string): boolean {
  const [, name = person, email = ''] = /^\s*(.*?)\s*<([^>]*)>\s*$/.exec(person) ?? [];
  const local = (email === '' ? name : email).split('@')[0] ?? '';
  const words = [person, name, email, local, local.replace(/^\d+\+/, '')];
  return words.some((word) => word !== '' && word.toLowerCase() === login.trim().toLowerCase());
}

function short(hash: string): string {
  return hash.slice(0, 12);
}
