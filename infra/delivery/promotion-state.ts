// Where a promotion stands, read from its facts.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, FactOf } from '../contract/fact.ts';
import { type Environment, nearest, upstreamOf } from '../contract/stack.ts';
import { indexOf } from '../ledger/index-of.ts';
import type { Policy } from './policy.ts';

export type Promotion = FactOf<'promotion'>;

/** The fact that prepared it. @throws DeliveryError `usage`, with the nearest id. */
export function preparedPromotion(facts: readonly Fact[], id: string): Promotion {
  const prepared = facts.filter(
    (fact): fact is Promotion => fact.kind === 'promotion' && fact.body.state === 'prepared',
  );
  const found = prepared.find((fact) => fact.body.promotion === id);
  if (found !== undefined) return found;
  const near = nearest(
    id,
    prepared.map((fact) => fact.body.promotion),
  );
  throw new DeliveryError('usage', `expected a promotion; found \`${id}\`, which nobody prepared`, {
    hint: near === undefined ? 'prepare one: npx trireme promote --release latest' : `did you mean \`${near}\`?`,
  });
}

export type PromotionState = Promotion['body']['state'] | 'superseded';

export function promotionState(facts: readonly Fact[], id: string): PromotionState {
  const last = indexOf(facts).promotions.get(id)?.states.at(-1);
  return last?.kind === 'promotion' ? last.body.state : last?.kind === 'superseded' ? 'superseded' : 'prepared';
}

/** Prepared, and neither started nor ended: what a newer promotion of the same environment replaces. */
export function waitingPromotions(facts: readonly Fact[], environment: Environment): readonly Promotion[] {
  const prepared = indexOf(facts).prepared.get(environment) ?? [];
  return prepared.filter((fact) => promotionState(facts, fact.body.promotion) === 'prepared');
}

/** When a prepared promotion can be neither approved nor started any more, RFC 3339: what it shows is too long ago. */
export function staleSince({ at }: Promotion, { promotions }: Pick<Policy, 'promotions'>): string {
  return new Date(Date.parse(at) + promotions.preparedExpiresHours * 3_600_000).toISOString();
}

export function isStale(prepared: Promotion, policy: Pick<Policy, 'promotions'>, nowMs: number): boolean {
  return nowMs > Date.parse(staleSince(prepared, policy));
}

/** The newest approval of a promotion. */
export function approvalOf(facts: readonly Fact[], id: string): FactOf<'approval'> | undefined {
  return indexOf(facts).promotions.get(id)?.approvals.at(-1);
}

/**
 * Was that release let into that environment? By a promotion that somebody approved and that started; the first environment lets in whatever is
 * released. That it ran there well is another question: a plain `pulumi up` asks nobody, and `recover` proves what it left.
 */
export function wasLetIn(facts: readonly Fact[], environment: Environment, release: string): boolean {
  if (upstreamOf(environment) === undefined) return true;
  const { prepared, promotions } = indexOf(facts);
  return (prepared.get(environment) ?? []).some((fact) => {
    const papers = promotions.get(fact.body.promotion);
    const started = papers?.states.some(({ kind, body }) => kind === 'promotion' && body.state === 'started');
    return fact.release === release && started === true && papers?.approvals.some((one) => one.release === release);
  });
}

/** The promotion or rollback that came between, once a promotion had started; another one then owns the environment. */
export function overtakenBy(facts: readonly Fact[], promotion: Promotion): Fact | undefined {
  const id = promotion.body.promotion;
  const started = facts.findIndex(
    (fact) => fact.kind === 'promotion' && fact.body.promotion === id && fact.body.state === 'started',
  );
  if (started === -1) return undefined;
  return facts
    .slice(started + 1)
    .find(
      (fact) =>
        (fact.kind === 'rollback' && fact.environment === promotion.environment) ||
        (fact.kind === 'promotion' &&
          fact.environment === promotion.environment &&
          fact.body.promotion !== id &&
          fact.body.state === 'started'),
    );
}

/** The jobs of a promotion end within this time; one that says nothing for longer was lost. */
export const longestSilenceMs = 60 * 60_000;

/** How `recover` names the attempts that it looked at: its word is about what was left behind, and nobody's sign of life. */
export function recoveryOf(attempt: string): string {
  return `recover ${attempt}`;
}

function isRecovery({ body }: FactOf<'deployment'>): boolean {
  return body.attempt.startsWith(recoveryOf(''));
}

/**
 * When the jobs of a promotion that has started last said something, by the facts they leave. Who looks from outside leaves facts too: a
 * recovery, a verification, another promotion's paper; with those counted, a promotion that was lost would never be.
 */
function lastHeardMs(facts: readonly Fact[], { environment, release, body }: Promotion): number {
  for (let index = facts.length - 1; index >= 0; index--) {
    const fact = facts[index];
    const starts =
      fact?.kind === 'promotion' && fact.body.promotion === body.promotion && fact.body.state === 'started';
    const works =
      fact?.kind === 'deployment' && fact.environment === environment && fact.release === release && !isRecovery(fact);
    if (fact !== undefined && (starts || works)) return Date.parse(fact.at);
  }
  return Number.NEGATIVE_INFINITY;
}

/** Another promotion that is being carried out in this environment: two at once would prove, and revert, each other's releases. */
export function underWay(
  facts: readonly Fact[],
  promotion: Pick<Promotion, 'environment'> & { readonly body: Pick<Promotion['body'], 'promotion'> },
  nowMs: number,
): Promotion | undefined {
  return indexOf(facts)
    .prepared.get(promotion.environment)
    ?.find(
      (fact) =>
        fact.body.promotion !== promotion.body.promotion &&
        promotionState(facts, fact.body.promotion) === 'started' &&
        overtakenBy(facts, fact) === undefined &&
        nowMs - lastHeardMs(facts, fact) <= longestSilenceMs,
    );
}
