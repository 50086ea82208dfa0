// The approval that a reviewer gave to this run on GitHub. Fails closed: an environment that would let anyone through approves nothing.
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import type { Approver } from '../contract/ports.ts';

/** The run that asks, as GitHub Actions describes it. */
export interface ActionsRun {
  /** `owner/name`. */
  readonly repository: string;
  readonly runId: string;
  /** `actions: read` is enough for both calls. */
  readonly token: string;
  readonly apiUrl: string;
  readonly serverUrl: string;
}

// https://docs.github.com/rest/deployments/environments#get-an-environment
const environmentAnswer = z.object({
  protection_rules: z
    .array(
      z.object({
        type: z.string(),
        prevent_self_review: z.boolean().optional(),
        reviewers: z.array(z.unknown()).optional(),
      }),
    )
    .optional(),
});

// https://docs.github.com/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run
const approvalsAnswer = z.array(
  z.object({
    state: z.string(),
    environments: z.array(z.object({ name: z.string() })),
    user: z.object({ login: z.string().min(1) }).nullable(),
  }),
);

export function githubApprover(run: ActionsRun, ask: typeof fetch = fetch): Approver {
  return {
    async decide({ environment }) {
      const settings = await get(run, ask, `/environments/${environment}`, environmentAnswer);
      assertGuarded(environment, settings);
      const reviews = await get(run, ask, `/actions/runs/${run.runId}/approvals`, approvalsAnswer);
      const approval = reviews.findLast(
        ({ state, environments }) => state === 'approved' && environments.some(({ name }) => name === environment),
      );
      if (approval?.user == null) return undefined;
      const url = `${run.serverUrl}/${run.repository}/actions/runs/${run.runId}`;
      return { actor: { login: approval.user.login, via: 'github' }, url };
    },
  };
}

function assertGuarded(environment: string, { protection_rules = [] }: z.infer<typeof environmentAnswer>): void {
  const rule = protection_rules.find(({ type }) => type === 'required_reviewers');
  const faults = [
    ...((rule?.reviewers ?? []).length > 0 ? [] : ['no required reviewers']),
    ...(rule?.prevent_self_review === true ? [] : ['self-review not prevented']),
  ];
  if (faults.length === 0) return;
  throw new DeliveryError('refused', `GitHub environment \`${environment}\` guards nothing: ${faults.join(', ')}`, {
    hint: 'set both under Settings, Environments, and start the promotion again',
  });
}

async function get<T>(run: ActionsRun, ask: typeof fetch, path: string, schema: z.ZodType<T>): Promise<T> {
  const url = `${run.apiUrl}/repos/${run.repository}${path}`;
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${run.token}`,
    'x-github-api-version': '2022-11-28',
  };
  let response: Response;
  try {
    response = await ask(url, { headers, signal: AbortSignal.timeout(20_000) });
  } catch (cause) {
    throw new DeliveryError('errored', `GET ${url}: no answer`, { cause });
  }
  if (!response.ok) {
    throw new DeliveryError('refused', `GET ${url}: expected the approvals; found HTTP ${response.status}`, {
      hint: 'the job needs `permissions: actions: read`',
    });
  }
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new DeliveryError('document-invalid', `GET ${url}: ${z.prettifyError(parsed.error)}`);
}
