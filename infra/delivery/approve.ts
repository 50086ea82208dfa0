// Recording an approval: bound to the manifest, the plans and the state of the environment that the promotion was prepared with.
import { DeliveryError } from '../contract/errors.ts';
import type { Actor, Fact, FactOf, NewFact } from '../contract/fact.ts';
import { environmentHead } from '../ledger/view.ts';
import { expiryOf, judgeApprover } from './approval.ts';
import { bindingText } from './binding.ts';
import { type Delivery, stamp } from './delivery.ts';
import { approvalOf, type Promotion, preparedPromotion, promotionState, staleSince } from './promotion-state.ts';
import { findRelease } from './stack-state.ts';

export type ApprovalOffice = Pick<Delivery, 'ledger' | 'clock' | 'policy' | 'emulated' | 'actor' | 'signatures'>;

export interface ApprovalGiven {
  /** Where the review can be read. */
  readonly url?: string | undefined;
  /** Why the rules about people are set aside. */
  readonly breakGlass?: string | undefined;
  /** Signs the binding with the approver's own key; @returns the armoured SSH signature. */
  readonly sign?: ((text: string) => Promise<string>) | undefined;
}

/**
 * Appends one person's approval of a prepared promotion.
 * @param approver who approves, which is not who runs the command: the fact's actor is the approver.
 * @throws DeliveryError `refused` with every reason (author, requester, way, signature, promotion no longer waiting); `usage` for an
 * unknown promotion; `errored` when the environment never holds still long enough to sign.
 */
export async function approvePromotion(
  office: ApprovalOffice,
  promotionId: string,
  approver: Actor,
  given: ApprovalGiven = {},
): Promise<FactOf<'approval'>> {
  const own = { at: stamp(office).at, actor: approver };
  const expires = new Date(office.clock.now() + office.policy.approvals.expiresHours * 3_600_000).toISOString();
  const decide = (facts: readonly Fact[]): ApprovalContent | FactOf<'approval'> => {
    const before = approvalOf(facts, promotionId);
    const open = ['prepared', 'started'].includes(promotionState(facts, promotionId));
    // Several legs of one promotion may bring the same answer.
    const counts = before !== undefined && Date.parse(expiryOf(before, office.policy)) > Date.parse(own.at);
    if (counts && open && isSame(before, approver, given)) return before;
    const promotion = preparedPromotion(facts, promotionId);
    assertMayApprove(office, facts, promotion, approver, given);
    return { ...own, ...approvalContent(facts, promotion, approver.login, expires, given) };
  };
  // A signature covers the environment's head, which others may move while it is made.
  for (let round = 1; round <= 5; round++) {
    const wanted = decide(await office.ledger.facts());
    if ('id' in wanted) return wanted;
    const signature = given.sign === undefined ? undefined : await signed(office, wanted, given.sign);
    let kept: FactOf<'approval'> | undefined;
    const appended = await office.ledger.append((facts) => {
      const now = decide(facts);
      kept = 'id' in now ? now : undefined;
      if ('id' in now || (signature !== undefined && bindingText(now) !== bindingText(wanted))) return [];
      return [signature === undefined ? now : { ...now, body: { ...now.body, signature } }];
    });
    const approval = appended.find((fact): fact is FactOf<'approval'> => fact.kind === 'approval') ?? kept;
    if (approval !== undefined) return approval;
  }
  throw new DeliveryError('errored', `${promotionId}: the environment changed again and again while it was signed`, {
    hint: 'look at what goes on there, then approve again: npx trireme status',
  });
}

type ApprovalContent = Extract<NewFact, { kind: 'approval' }>;

function isSame({ body }: FactOf<'approval'>, { login }: Actor, { breakGlass, sign }: ApprovalGiven): boolean {
  return (
    body.approver === login && body.breakGlass === breakGlass && (body.signature === undefined) === (sign === undefined)
  );
}

function assertMayApprove(
  { policy, emulated, clock }: ApprovalOffice,
  facts: readonly Fact[],
  promotion: Promotion,
  { login, via }: Actor,
  { breakGlass, sign }: ApprovalGiven,
): void {
  const id = promotion.body.promotion;
  const state = promotionState(facts, id);
  const stale = staleSince(promotion, policy);
  const way = sign === undefined ? via : 'signed';
  const manifest = findRelease(facts, promotion.release);
  const reasons = [
    ...(state === 'prepared' ? [] : [`promotion ${id} is ${state}`]),
    ...(clock.now() <= Date.parse(stale) ? [] : [`it was prepared at ${promotion.at} and went stale at ${stale}`]),
    ...judgeApprover({ facts, login, way, breakGlass, promotion, manifest, policy, emulated }),
  ];
  if (reasons.length === 0) return;
  throw new DeliveryError('refused', `${id} can't be approved by ${login}: ${reasons.join('; ')}`, {
    hint: 'the rules are in policy.yaml',
  });
}

function approvalContent(
  facts: readonly Fact[],
  promotion: Promotion,
  approver: string,
  expires: string,
  { url, breakGlass }: ApprovalGiven,
): Omit<ApprovalContent, 'at' | 'actor'> {
  const { environment, release, body } = promotion;
  return {
    kind: 'approval',
    environment,
    release,
    body: {
      promotion: body.promotion,
      manifest: body.manifest,
      plans: Object.fromEntries(Object.entries(body.plans).map(([stack, plan]) => [stack, plan.fingerprint])),
      previous: body.previous,
      environmentHead: environmentHead(facts, environment, body.promotion),
      approver,
      expires,
      ...(body.preview === undefined ? {} : { preview: body.preview }),
      ...(breakGlass === undefined ? {} : { breakGlass }),
      ...(url === undefined ? {} : { url }),
    },
  };
}

/** Verified at once by the same rule as before a deployment, so that a wrong key is found by who holds it. */
async function signed(
  office: ApprovalOffice,
  content: ApprovalContent,
  sign: (text: string) => Promise<string>,
): Promise<string> {
  const signature = await sign(bindingText(content));
  const fault = await signatureFault(office, { ...content, body: { ...content.body, signature } });
  if (fault === undefined) return signature;
  throw new DeliveryError('refused', `${content.body.promotion} can't be approved: ${fault}`, {
    hint: 'whose keys count stands in policy.yaml, under approvals.keys',
  });
}

/** What is wrong with an approval's signature; `undefined` when it is good, or the approval has none. */
export async function signatureFault(
  { policy, signatures }: Pick<Delivery, 'policy' | 'signatures'>,
  approval: Pick<ApprovalContent, 'environment' | 'release' | 'body'>,
): Promise<string | undefined> {
  const { signature, approver } = approval.body;
  if (signature === undefined) return undefined;
  if (signatures === undefined) return 'the approval is signed, and nothing here can verify it';
  return signatures.verify({ text: bindingText(approval), signature, login: approver, keys: policy.approvals.keys });
}
