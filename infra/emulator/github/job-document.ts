// A job of a run as GitHub shows it: https://docs.github.com/rest/actions/workflow-jobs.
import { nodeId } from './documents.ts';
import type { Repository, Run } from './state.ts';

export function jobDocument({ owner, name }: Repository, run: Run, origin: string) {
  const home = `${origin}/repos/${owner}/${name}`;
  const id = run.id * 10 + run.attempt;
  return {
    id,
    run_id: run.id,
    run_url: `${home}/actions/runs/${run.id}`,
    run_attempt: run.attempt,
    node_id: nodeId('CheckRun', id),
    head_sha: run.sha,
    head_branch: run.branch,
    url: `${home}/actions/jobs/${id}`,
    html_url: `https://github.com/${owner}/${name}/actions/runs/${run.id}/job/${id}`,
    check_run_url: `${home}/check-runs/${id}`,
    name: run.title,
    workflow_name: run.title,
    status: run.status,
    conclusion: run.conclusion,
    created_at: run.createdAt,
    started_at: run.createdAt,
    completed_at: run.status === 'completed' ? run.updatedAt : null,
    labels: ['ubuntu-24.04'],
    runner_id: null,
    runner_name: null,
    runner_group_id: null,
    runner_group_name: null,
    steps: [],
  };
}
