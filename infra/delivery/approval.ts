// Does this approval still hold? Pure: a person approved one manifest, these plans, this state of the environment; anything else is refused by name.
import type { Actor, Fact, FactOf } from '../contract/fact.ts';
import { manifestHash, type ReleaseManifest } from '../contract/release.ts';
import { environmentHead } from '../ledger/view.ts';
import type { Policy } from './policy.ts';
import { overtakenBy, type Promotion, promotionState } from './promotion-state.ts';

export interface ApproverQuestion {
  readonly approver: Actor;
  readonly promotion: Promotion;
  readonly manifest: ReleaseManifest;
  readonly policy: Policy;
  readonly emulated: boolean;
}

/** Reasons why this person, by this way, may not approve this promotion. */
export function judgeApprover({
  approver,
  promotion,
  manifest,
  policy,
  emulated,
}: ApproverQuestion): readonly string[] {
  const { approvals } = policy;
  const { login, via } = approver;
  const author = manifest.source.authors.find((one) => isSamePerson(login, one));
  const requester = promotion.body.requestedBy;
  return [
    ...(approvals.via.includes(via)
      ? []
      : [`policy.yaml accepts approvals by ${approvals.via.join(', ')}, not by ${via}`]),
    ...(emulated || via === 'github' ? [] : ['real clouds accept approvals by GitHub only']),
    ...(author !== undefined && !approvals.authorMayApprove
      ? [`${login} wrote a commit of this release (${author})`]
      : []),
    ...(isSamePerson(login, requester) && !approvals.requesterMayApprove ? [`${login} asked for this promotion`] : []),
    ...(approvals.approvers.length === 0 || approvals.approvers.some((one) => isSamePerson(login, one))
      ? []
      : [`${login} is not among policy.yaml's approvers (${approvals.approvers.join(', ')})`]),
  ];
}

export interface ApprovalQuestion extends Omit<ApproverQuestion, 'approver'> {
  readonly facts: readonly Fact[];
  readonly approval: FactOf<'approval'>;
  /** Stack to fingerprint, as previewed just now; only these stacks are compared. */
  readonly plans: Readonly<Record<string, string>>;
  /** Stack to what it runs just now. */
  readonly previous: Readonly<Record<string, string | null>>;
  readonly nowMs: number;
}

/** Every way in which what is about to happen differs from what was approved; empty when the approval holds. */
export function judgeApproval(question: ApprovalQuestion): readonly string[] {
  const { approval, promotion, manifest, plans, previous, nowMs } = question;
  const { body } = approval;
  return [
    ...stateFaults(question),
    ...(body.manifest === manifestHash(manifest) && promotion.body.manifest === body.manifest
      ? []
      : [`the manifest is ${short(manifestHash(manifest))}, approved was ${short(body.manifest)}`]),
    ...Object.entries(plans)
      .filter(([stack, fingerprint]) => body.plans[stack] !== fingerprint)
      .map(
        ([stack, now]) => `the plan of ${stack} is ${short(now)}, approved was ${short(body.plans[stack] ?? 'none')}`,
      ),
    ...Object.entries(previous)
      .filter(([stack, release]) => (body.previous[stack] ?? null) !== release)
      .map(
        ([stack, now]) =>
          `${stack} runs ${now ?? 'nothing'}, approved was a change from ${body.previous[stack] ?? 'nothing'}`,
      ),
    ...(nowMs <= Date.parse(body.expires) ? [] : [`the approval expired at ${body.expires}`]),
    ...judgeApprover({ ...question, approver: approval.actor }),
  ];
}

/** Once a promotion has started, its own deployments move the environment's head; then only another promotion or a rollback counts. */
function stateFaults({ facts, promotion, approval }: ApprovalQuestion): string[] {
  const id = promotion.body.promotion;
  const state = promotionState(facts, id);
  if (state === 'started') {
    const other = overtakenBy(facts, promotion);
    return other === undefined ? [] : [`a ${other.kind} by ${other.actor.login} at ${other.at} came between`];
  }
  if (state !== 'prepared') return [`promotion ${id} is ${state}`];
  const head = environmentHead(facts, promotion.environment, id);
  if (head === approval.body.environmentHead) return [];
  const fact = facts.find((one) => one.id === head);
  return [
    `something else happened in ${promotion.environment} since: ${fact?.kind ?? 'a fact'} at ${fact?.at ?? 'an unknown time'}`,
  ];
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
