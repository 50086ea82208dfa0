// Who said no to this run on GitHub, for the ledger: a review that rejected it, or somebody who cancelled it. Both end its jobs before any command of ours.
import { type JobAnswer, jobsAnswer, type ReviewAnswer, reviewsAnswer } from './answers.ts';
import type { ActionsRun } from './approvals.ts';
import { connectGithub, type GithubClient, type GithubConnection } from './client.ts';

export interface Refusal {
  readonly reason: string;
  /** Absent where GitHub does not say who. */
  readonly login?: string;
}

/**
 * One rejection counts, as it does for the gate. Of a run that was started again it can't be told which attempt was rejected, and needs
 * not be: such a run brings no approval either. Jobs are those of the newest attempt.
 */
export function judgeRefusal(
  environment: string,
  { reviews, jobs }: { readonly reviews: readonly ReviewAnswer[]; readonly jobs: readonly JobAnswer[] },
): Refusal | undefined {
  const isOurs = ({ environments }: ReviewAnswer) =>
    environments.some(({ name }) => name.toLowerCase() === environment.toLowerCase());
  const rejection = reviews.find((review) => review.state === 'rejected' && isOurs(review));
  if (rejection !== undefined) {
    const { user, comment } = rejection;
    const why = comment === undefined ? '' : oneLine(comment);
    const reason = `${user?.login ?? 'somebody whose account is gone'} rejected it on GitHub${why === '' ? '' : `: ${why}`}`;
    return { reason, ...(user === null ? {} : { login: user.login }) };
  }
  const isCancelled = jobs.some(({ conclusion }) => conclusion === 'cancelled');
  return isCancelled ? { reason: 'its run was cancelled on GitHub' } : undefined;
}

/** Needs `actions: read`. @throws DeliveryError when GitHub does not answer. */
export async function githubRefusal(
  run: ActionsRun,
  environment: string,
  connect: (connection: GithubConnection) => Promise<GithubClient> = connectGithub,
): Promise<Refusal | undefined> {
  const github = await connect(run);
  const [reviews, jobs] = await Promise.all([
    github.get(`actions/runs/${run.runId}/approvals`, reviewsAnswer),
    github.all(`actions/runs/${run.runId}/jobs?filter=latest`, jobsAnswer, (page) => page.jobs),
  ]);
  return judgeRefusal(environment, { reviews, jobs });
}

/** What a person wrote, as a reason in the ledger: no control characters, and no essay. */
function oneLine(comment: string): string {
  return comment
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
