// Runs, reviews and dispatches as REST routes.
import { z } from 'zod';
import { deploymentDocument, runDocument, userDocument, workflowIdOf } from './documents.ts';
import { jobDocument } from './job-document.ts';
import { cancelRun, mayReview, rerun, review, startRun } from './runs.ts';
import { reviewerDocuments } from './setting-documents.ts';
import type { Repository, Run } from './state.ts';
import { type Answer, GithubRefusal, notFound, page, type RepositoryAsked, type Route } from './wire.ts';

const reviewBody = z.object({
  environment_ids: z.array(z.int()).min(1),
  state: z.enum(['approved', 'rejected']),
  comment: z.string(),
});
const dispatchBody = z.object({
  ref: z.string().min(1),
  inputs: z.record(z.string(), z.unknown()).default({}),
  return_run_details: z.boolean().default(false),
});

const runs = '/repos/:owner/:repo/actions/runs';
const workflow = '/repos/:owner/:repo/actions/workflows/:workflow';

export const runRoutes: readonly Route[] = [
  ['GET', runs, ['actions', 'read'], (asked) => list(asked, () => true)],
  ['GET', `${runs}/:run`, ['actions', 'read'], (asked) => ({ body: shown(asked, runOf(asked)) })],
  ['GET', `${runs}/:run/approvals`, ['actions', 'read'], history],
  ['GET', `${runs}/:run/jobs`, ['actions', 'read'], jobs],
  ['GET', `${runs}/:run/pending_deployments`, ['actions', 'read'], pending],
  ['POST', `${runs}/:run/pending_deployments`, ['deployments', 'read'], decide],
  ['POST', `${runs}/:run/cancel`, ['actions', 'write'], cancel],
  ['POST', `${runs}/:run/rerun`, ['actions', 'write'], again],
  ['GET', `${workflow}/runs`, ['actions', 'read'], ofWorkflow],
  ['POST', `${workflow}/dispatches`, ['actions', 'write'], dispatch],
];

function runOf({ repository, params }: RepositoryAsked): Run {
  const found = repository.runs.get(Number(params.run));
  if (found === undefined) throw notFound();
  return found;
}

/** By file name, by path or by number. */
function workflowOf(repository: Repository, wanted: string): string {
  const found = repository.workflows.find(
    (name) => name === wanted.split('/').at(-1) || String(workflowIdOf(repository, name)) === wanted,
  );
  if (found === undefined) throw notFound();
  return found;
}

function shown({ state, repository, origin }: RepositoryAsked, run: Run) {
  return runDocument(state, repository, run, origin);
}

/** `status` means the status or, as in GitHub's own filter, the conclusion. */
function list(asked: RepositoryAsked, belongs: (run: Run) => boolean): Answer {
  const wanted = asked.query.get('status');
  const branch = asked.query.get('branch');
  const all = [...asked.repository.runs.values()]
    .filter(belongs)
    .filter(({ status, conclusion }) => wanted === null || wanted === status || wanted === conclusion)
    .filter((run) => branch === null || branch === run.branch)
    .reverse();
  const workflow_runs = page(all, asked.query).map((run) => shown(asked, run));
  return { body: { total_count: all.length, workflow_runs }, total: all.length };
}

function ofWorkflow(asked: RepositoryAsked): Answer {
  const name = workflowOf(asked.repository, asked.params.workflow ?? '');
  return list(asked, (run) => run.workflow.endsWith(`/${name}`));
}

/** Without times, and without the attempt: https://docs.github.com/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run */
function history(asked: RepositoryAsked): Answer {
  const { state, repository, origin } = asked;
  const body = runOf(asked).reviews.map((one) => ({
    state: one.state,
    comment: one.comment,
    user: userDocument(state, one.user, origin),
    environments: one.environments.flatMap((name) => {
      const found = repository.environments.get(name.toLowerCase());
      if (found === undefined) return [];
      const { id, createdAt, updatedAt } = found;
      const url = `${origin}/repos/${repository.owner}/${repository.name}/environments/${name}`;
      return [{ id, node_id: `env-${id}`, name, url, html_url: url, created_at: createdAt, updated_at: updatedAt }];
    }),
  }));
  return { body };
}

/** One, which is the run: what its jobs are, nobody tells the emulator. */
function jobs(asked: RepositoryAsked): Answer {
  const body = { total_count: 1, jobs: [jobDocument(asked.repository, runOf(asked), asked.origin)] };
  return { body, total: 1 };
}

function pending(asked: RepositoryAsked): Answer {
  const { state, repository, origin, caller } = asked;
  const run = runOf(asked);
  const body = run.waiting.flatMap((name) => {
    const found = repository.environments.get(name.toLowerCase());
    if (found === undefined) return [];
    const url = `${origin}/repos/${repository.owner}/${repository.name}/environments/${name}`;
    return [
      {
        environment: { id: found.id, node_id: `env-${found.id}`, name, url, html_url: url },
        wait_timer: found.waitTimer,
        wait_timer_started_at: null,
        current_user_can_approve: mayReview(state, found, run, caller.login),
        reviewers: reviewerDocuments(state, found, origin),
      },
    ];
  });
  return { body };
}

function decide(asked: RepositoryAsked): Answer {
  const { state, repository, origin, caller } = asked;
  const run = runOf(asked);
  const { environment_ids, state: decision, comment } = asked.body(reviewBody);
  if (caller.login === undefined || caller.run !== undefined) {
    throw new GithubRefusal(403, 'Resource not accessible by integration');
  }
  const environments = environment_ids.map((id) => {
    const found = [...repository.environments.values()].find((one) => one.id === id);
    if (found === undefined) throw new GithubRefusal(422, `No environment with id ${id}`);
    return found.name;
  });
  review(state, repository, run, { state: decision, user: caller.login, comment, environments });
  const made = decision === 'approved' ? repository.deployments.slice(0, environments.length) : [];
  return { body: made.map((one) => deploymentDocument(state, repository, one, origin)) };
}

function cancel(asked: RepositoryAsked): Answer {
  cancelRun(runOf(asked));
  return { status: 202, body: {} };
}

function again(asked: RepositoryAsked): Answer {
  rerun(runOf(asked), asked.caller.login ?? '');
  return { status: 201, body: {} };
}

/** Without details GitHub says nothing at all about the run it starts. */
async function dispatch(asked: RepositoryAsked): Promise<Answer> {
  const { state, repository, caller, origin } = asked;
  const name = workflowOf(repository, asked.params.workflow ?? '');
  const { ref, inputs, return_run_details } = asked.body(dispatchBody);
  const run = await startRun(state, repository, {
    workflow: name,
    branch: ref,
    actor: caller.login ?? '',
    inputs: Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, String(value)])),
  });
  if (!return_run_details) return { status: 204 };
  const { url, html_url } = runDocument(state, repository, run, origin);
  return { body: { workflow_run_id: run.id, run_url: url, html_url } };
}
