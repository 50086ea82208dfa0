// Which release runs where, what was verified, who approved it: the ledger as a table of releases and stacks. Pure.
import type { DeploymentState, Fact } from '../contract/fact.ts';
import type { Stage } from '../contract/service.ts';
import { type Environment, environments, type StackName } from '../contract/stack.ts';
import type { Outcome } from '../contract/verification.ts';
import { indexOf, inEnvironment, onStack } from '../ledger/index-of.ts';
import { isSplit, releases } from '../ledger/view.ts';
import type { Target } from './delivery.ts';
import { type EnvironmentState, environmentState } from './environment-state.ts';
import type { Policy } from './policy.ts';
import { isStale, type Promotion, promotionState, staleSince, waitingPromotions } from './promotion-state.ts';
import { lastDeployment, runsNow } from './stack-state.ts';

/** One release on one stack; only where it was ever deployed. */
export interface StatusCell {
  readonly stack: StackName;
  /** How its last try there ended. */
  readonly state: DeploymentState;
  /** How far it has come, while it is under way and there are stages. */
  readonly stage?: Stage;
  /** Of a hundred requests, how many it gets in the stage `share`. */
  readonly sharePercent?: number;
  /** The stack runs it now. */
  readonly live: boolean;
  /** Its newest verification there; `null` when it never came to one. */
  readonly verified: Outcome | null;
  readonly approvedBy: string | null;
  /** How long the last try took; `null` while it is under way. */
  readonly seconds: number | null;
  readonly reason?: string;
}

export interface StatusRow {
  readonly release: string;
  readonly commit: string;
  readonly madeAt: string;
  readonly cells: readonly StatusCell[];
}

export interface EnvironmentStatus {
  readonly environment: Environment;
  /** `split`: its stacks differ; `unknown`: nobody can tell about one of them. */
  readonly kind: EnvironmentState['kind'];
  /** The stacks of this environment run different releases. */
  readonly split: boolean;
  /** Stacks of which nobody can tell what they run, and why: `gcp-prod is unknown: its job was lost (…)`. */
  readonly unknown: readonly string[];
  /** Promotions prepared and not decided: what `trireme approve` takes. */
  readonly waiting: readonly string[];
  /** Prepared too long ago to be approved or started: to be prepared again. */
  readonly stale: readonly {
    readonly promotion: string;
    readonly release: string;
    /** RFC 3339. */
    readonly since: string;
  }[];
  readonly stacks: readonly {
    readonly stack: StackName;
    /** `null` when nothing was deployed, or nobody can tell. */
    readonly runs: string | null;
    readonly state: DeploymentState | null;
    readonly endpoint: string | null;
    /** What the stack's own outputs name where that is not the ledger's: somebody ran a plain `pulumi up` or `destroy`. */
    readonly outsideLedger?: string;
  }[];
}

export interface StatusTable {
  readonly environments: readonly EnvironmentStatus[];
  /** Newest release first. */
  readonly releases: readonly StatusRow[];
}

/** @param deployed by stack, the release its own outputs name; left out when they were not read. @param nowMs by it a silent job is a lost one; left out, none is. @param policy with it and the time, what waits too long is stale. */
export function statusTable(
  facts: readonly Fact[],
  stacks: readonly Target[],
  deployed: Readonly<Record<string, string | null>> = {},
  nowMs = Number.NEGATIVE_INFINITY,
  policy?: Pick<Policy, 'promotions'>,
): StatusTable {
  const names = stacks.map(({ stack }) => stack.name);
  return {
    environments: environments.flatMap((environment) => {
      const own = stacks.filter(({ stack }) => stack.environment === environment);
      if (own.length === 0) return [];
      const state = environmentState(facts, environment, names, nowMs);
      return [
        {
          environment,
          kind: state.kind,
          split: isSplit(facts, environment, names),
          unknown: state.stacks.flatMap(({ stack, knows, why }) => (knows === 'unknown' ? [`${stack} ${why}`] : [])),
          ...standing(waitingPromotions(facts, environment), nowMs, policy),
          stacks: own.map(({ stack }) => stackStatus(facts, stack.name, deployed[stack.name])),
        },
      ];
    }),
    releases: releases(facts).map((made) => ({
      release: made.release,
      commit: made.body.manifest.source.commit,
      madeAt: made.at,
      cells: stacks.flatMap(({ stack }) => cellOf(facts, stack.name, stack.environment, made.release) ?? []),
    })),
  };
}

function standing(
  prepared: readonly Promotion[],
  nowMs: number,
  policy: Pick<Policy, 'promotions'> | undefined,
): Pick<EnvironmentStatus, 'waiting' | 'stale'> {
  const stale = prepared.flatMap((fact) =>
    policy === undefined || !isStale(fact, policy, nowMs)
      ? []
      : [{ promotion: fact.body.promotion, release: fact.release, since: staleSince(fact, policy) }],
  );
  const over = new Set(stale.map(({ promotion }) => promotion));
  return { waiting: prepared.map(({ body }) => body.promotion).filter((id) => !over.has(id)), stale };
}

function stackStatus(facts: readonly Fact[], stack: StackName, deployed: string | null | undefined) {
  const runs = runsNow(facts, stack) ?? null;
  const tries = runs === null ? undefined : indexOf(facts).tries.get(onStack(stack, runs));
  const healthy = tries?.find((fact) => fact.body.state === 'healthy');
  return {
    stack,
    runs,
    state: lastDeployment(facts, stack)?.body.state ?? null,
    endpoint: healthy?.body.endpoint ?? null,
    ...(deployed !== undefined && runs !== null && deployed !== runs ? { outsideLedger: deployed ?? 'nothing' } : {}),
  };
}

function cellOf(
  facts: readonly Fact[],
  stack: StackName,
  environment: Environment,
  release: string,
): StatusCell | undefined {
  const { tries, verifications } = indexOf(facts);
  const last = tries.get(onStack(stack, release))?.[0];
  if (last === undefined) return undefined;
  const verification = verifications.get(onStack(stack, release))?.[0];
  return {
    stack,
    state: last.body.state,
    ...(last.body.stage === undefined ? {} : { stage: last.body.stage }),
    ...(last.body.sharePercent === undefined ? {} : { sharePercent: last.body.sharePercent }),
    live: runsNow(facts, stack) === release,
    verified: verification?.body.outcome ?? null,
    approvedBy: approverOf(facts, environment, release),
    seconds: last.body.seconds ?? null,
    ...(last.body.reason === undefined ? {} : { reason: last.body.reason }),
  };
}

/** Who approved the newest promotion of that release that was carried out. */
function approverOf(facts: readonly Fact[], environment: Environment, release: string): string | null {
  const carriedOut = new Set(['started', 'succeeded', 'failed']);
  const approvals = indexOf(facts).approvals.get(inEnvironment(environment, release)) ?? [];
  const approval = approvals.find((fact) => carriedOut.has(promotionState(facts, fact.body.promotion)));
  return approval?.body.approver ?? null;
}
