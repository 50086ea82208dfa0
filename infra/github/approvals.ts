// The approval that a reviewer gave to this run on GitHub. Fails closed: an environment that would let anyone through approves nothing.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, FactOf } from '../contract/fact.ts';
import type { Approver } from '../contract/ports.ts';
import type { ReleaseManifest } from '../contract/release.ts';
import {
  type CommitAnswer,
  comparisonAnswer,
  environmentAnswer,
  policiesAnswer,
  reviewsAnswer,
  runAnswer,
} from './answers.ts';
import { connectGithub, type GithubClient, type GithubConnection } from './client.ts';
import { type GuardEvidence, judgeGate } from './gate.ts';

/** The run that asks, as GitHub Actions describes it. */
export interface ActionsRun extends GithubConnection {
  readonly runId: string;
  readonly serverUrl: string;
}

export interface GateContext {
  facts(): Promise<readonly Fact[]>;
  /** Of policy.yaml. */
  readonly rules: { readonly authorMayApprove: boolean; readonly requesterMayApprove: boolean };
}

/** Needs `actions: read` and `contents: read`. */
export function githubApprover(
  run: ActionsRun,
  context: GateContext,
  connect: (connection: GithubConnection) => Promise<GithubClient> = connectGithub,
): Approver {
  return {
    async decide(promotion, manifest) {
      const github = await connect(run);
      const { environment } = promotion;
      const facts = await context.facts();
      const [guard, found, reviews, commits] = await Promise.all([
        readGuard(github, environment),
        github.get(`actions/runs/${run.runId}`, runAnswer),
        github.get(`actions/runs/${run.runId}/approvals`, reviewsAnswer),
        commitsBrought(github, facts, promotion, manifest),
      ]);
      const { requestedBy: requester } = promotion.body;
      const recorded = recordedApprover(facts, promotion);
      const { rules } = context;
      const { faults, approver } = judgeGate({ ...guard, run: found, reviews, commits, requester, recorded, rules });
      if (faults.length > 0) throw refused(environment, faults, found.run_attempt);
      const url = `${run.serverUrl}/${run.repository}/actions/runs/${run.runId}`;
      return approver === undefined ? undefined : { actor: { login: approver, via: 'github' }, url };
    },
  };
}

function recordedApprover(facts: readonly Fact[], { body }: FactOf<'promotion'>): string | undefined {
  const isOurs = (fact: Fact): fact is FactOf<'approval'> =>
    fact.kind === 'approval' && fact.body.promotion === body.promotion && fact.actor.via === 'github';
  return facts.findLast(isOurs)?.body.approver;
}

/** What GitHub says about an environment. */
export async function readGuard(github: GithubClient, environment: string): Promise<GuardEvidence> {
  const path = `environments/${encodeURIComponent(environment)}`;
  const settings = await github.find(path, environmentAnswer);
  const listed = settings?.deployment_branch_policy?.custom_branch_policies === true;
  const policies = listed
    ? await github.all(`${path}/deployment-branch-policies`, policiesAnswer, (page) => page.branch_policies)
    : [];
  return { environment, settings, policies };
}

/**
 * The commits between what the environment's stacks run and the candidate; where nothing runs yet, since the first release, its own
 * commit included. `undefined` when GitHub does not know one of them: a force push, another repository.
 */
async function commitsBrought(
  github: GithubClient,
  facts: readonly Fact[],
  promotion: FactOf<'promotion'>,
  manifest: ReleaseManifest,
): Promise<readonly CommitAnswer[] | undefined> {
  const released = facts.filter((fact): fact is FactOf<'release'> => fact.kind === 'release');
  const running = Object.values(promotion.body.previous).filter((release) => release !== null);
  const bases =
    running.length === 0 ? released.slice(0, 1) : released.filter(({ release }) => running.includes(release));
  const head = manifest.source.commit;
  const from = new Set(bases.map((fact) => fact.body.manifest.source.commit));
  if (bases.length < new Set(running).size || from.size === 0) return undefined;
  const found: CommitAnswer[] = [];
  for (const base of from) {
    const first = await github.find(`compare/${base}...${head}?per_page=1`, comparisonAnswer);
    if (first === undefined) return undefined;
    if (running.length === 0) found.push(first.base_commit);
    found.push(...(await github.all(`compare/${base}...${head}`, comparisonAnswer, (page) => page.commits)));
  }
  return found;
}

function refused(environment: string, faults: readonly string[], attempt: number): DeliveryError {
  const hint =
    attempt > 1
      ? 'start the promotion again as a new run'
      : 'see what is set and what should be: npx trireme doctor; then start the promotion again';
  return new DeliveryError(
    'refused',
    `GitHub environment \`${environment}\` does not let this run in: ${faults.join(', ')}`,
    {
      hint,
    },
  );
}
