// Tidies up after a newer promotion: runs of older ones that still wait for a reviewer are cancelled. The ledger has decided already;
// a run that could not be cancelled is refused by it.
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import { runAnswer, runsAnswer } from './answers.ts';
import type { ActionsRun } from './approvals.ts';
import { connectGithub, type GithubClient, type GithubConnection } from './client.ts';

/**
 * Every run of the same workflow that waits had prepared its promotion before it came to wait. When this run's own promotion still stands
 * after they were listed, each of theirs is older, and superseded.
 * @param stands asked after the list was read: does the ledger still show this run's promotion as prepared?
 * @returns what was done, a line each; never throws for what GitHub refuses: best effort.
 */
export async function cancelSuperseded(
  run: ActionsRun,
  stands: () => Promise<boolean>,
  connect: (connection: GithubConnection) => Promise<GithubClient> = connectGithub,
): Promise<readonly string[]> {
  try {
    const github = await connect(run);
    const { path } = await github.get(`actions/runs/${run.runId}`, runAnswer);
    const workflow = path.split('@')[0]?.split('/').at(-1) ?? '';
    const waiting = await github.all(
      `actions/workflows/${workflow}/runs?status=waiting`,
      runsAnswer,
      (page) => page.workflow_runs,
    );
    const older = waiting.filter(({ id }) => String(id) !== run.runId);
    if (older.length === 0 || !(await stands())) return [];
    const lines: string[] = [];
    for (const { id, display_title, html_url } of older) {
      const status = await github.send('POST', `actions/runs/${id}/cancel`);
      const done =
        status === 202 ? 'cancelled' : status === 409 ? 'had ended already' : `could not be cancelled (HTTP ${status})`;
      lines.push(`superseded: ${display_title}, ${html_url}: ${done}`);
    }
    return lines;
  } catch (error) {
    if (!(error instanceof DeliveryError || error instanceof z.ZodError)) throw error;
    return [`superseded runs were not cancelled: ${error.message}; the ledger refuses them all the same`];
  }
}
