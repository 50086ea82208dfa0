// GitHub's answers, as far as they are read. A field that is missing is unknown, and unknown is never safe.
import { z } from 'zod';

// https://docs.github.com/rest/deployments/environments#get-an-environment
export const environmentAnswer = z.object({
  name: z.string(),
  /** Not in the published schema; real answers carry it. */
  can_admins_bypass: z.boolean().optional(),
  deployment_branch_policy: z
    .object({ protected_branches: z.boolean(), custom_branch_policies: z.boolean() })
    .nullish(),
  protection_rules: z
    .array(
      z.object({
        type: z.string(),
        prevent_self_review: z.boolean().optional(),
        reviewers: z
          .array(
            z.object({
              type: z.string(),
              reviewer: z
                .object({ id: z.number(), login: z.string().optional(), slug: z.string().optional() })
                .nullish(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
});
export type EnvironmentAnswer = z.infer<typeof environmentAnswer>;

// https://docs.github.com/rest/deployments/branch-policies#list-deployment-branch-policies
export const policiesAnswer = z.object({
  branch_policies: z.array(
    z.object({ id: z.number().optional(), name: z.string(), type: z.string().default('branch') }),
  ),
});

const account = z.object({ login: z.string().min(1) });

// https://docs.github.com/rest/actions/workflow-runs#get-a-workflow-run
export const runAnswer = z.object({
  id: z.number(),
  path: z.string(),
  display_title: z.string(),
  head_branch: z.string().nullable(),
  run_attempt: z.number(),
  html_url: z.string(),
  actor: account.nullish(),
  triggering_actor: account.nullish(),
});
export type RunAnswer = z.infer<typeof runAnswer>;
export const runsAnswer = z.object({ workflow_runs: z.array(runAnswer) });

// https://docs.github.com/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run
export const reviewsAnswer = z.array(
  z.object({
    state: z.string(),
    environments: z.array(z.object({ name: z.string() })),
    user: account.nullable(),
    comment: z.string().optional(),
  }),
);
export type ReviewAnswer = z.infer<typeof reviewsAnswer>[number];

// https://docs.github.com/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run
const jobAnswer = z.object({ name: z.string(), conclusion: z.string().nullable() });
export type JobAnswer = z.infer<typeof jobAnswer>;
export const jobsAnswer = z.object({ jobs: z.array(jobAnswer) });

const commit = z.object({
  sha: z.string(),
  commit: z.object({ message: z.string() }),
  /** `null` where no account has the commit's address. */
  author: z.object({ login: z.string().optional() }).nullable(),
  committer: z.object({ login: z.string().optional() }).nullable(),
});
export type CommitAnswer = z.infer<typeof commit>;

// https://docs.github.com/rest/commits/commits#compare-two-commits
export const comparisonAnswer = z.object({ base_commit: commit, commits: z.array(commit) });
