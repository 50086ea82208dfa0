// How the repository on GitHub is set up, as the `github` stack file says it: who reviews what, which variables jobs see, what no push may do.
import { z } from 'zod';

/** The environments that workflows name. GitHub makes a missing one on the spot, without any protection. */
export const githubEnvironments = ['dev', 'prod', 'prod-plan', 'prod-rollback'] as const;
export type GithubEnvironment = (typeof githubEnvironments)[number];

/** Deployments come from here only. */
export const deployBranch = 'main';
/** Where the ledger's facts are committed. */
export const ledgerBranch = 'trireme-ledger';

const names = z.array(z.string().min(1)).max(6);
const environment = z.strictObject({
  /** Logins; one approval of any reviewer is enough. */
  users: names.default([]),
  /** Slugs of teams of the organisation that owns the repository. */
  teams: names.default([]),
  /** May who started the run review it? Only where speed matters more, such as rolling back. */
  selfReview: z.boolean().default(false),
  /** Variables that only jobs of this environment see. */
  variables: z
    .record(
      z
        .string()
        .regex(
          /^(?!GITHUB_)[A-Z_][A-Z0-9_]*$/,
          'expected a variable name in upper case that does not begin with GITHUB_',
        ),
      z.string().min(1),
    )
    .default({}),
});

export const githubConfig = z.strictObject({
  owner: z.string().min(1),
  repository: z.string().min(1),
  environments: z.strictObject({
    dev: environment,
    prod: environment,
    'prod-plan': environment,
    'prod-rollback': environment,
  }),
  /** Variables that every job sees. */
  variables: environment.shape.variables,
  /** Approving reviews that a pull request into `main` needs. */
  pullRequestApprovals: z.int().min(0).max(10).default(1),
  /** What the subject of OIDC tokens is made of, such as `[repo, context, job_workflow_ref]`; absent: GitHub's default. */
  oidcSubject: z.array(z.string().regex(/^\w+$/, 'expected the name of a claim')).optional(),
});
export type GithubConfig = z.infer<typeof githubConfig>;
