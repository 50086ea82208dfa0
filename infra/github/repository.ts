// The repository's own protection as resources: environments with their reviewers, what may deploy from where, variables, branch rules.

import { ActionsEnvironmentVariable } from '@pulumi/github/actionsEnvironmentVariable.js';
import { ActionsRepositoryOidcSubjectClaimCustomizationTemplate } from '@pulumi/github/actionsRepositoryOidcSubjectClaimCustomizationTemplate.js';
import { ActionsVariable } from '@pulumi/github/actionsVariable.js';
import { getTeamOutput } from '@pulumi/github/getTeam.js';
import { getUserOutput } from '@pulumi/github/getUser.js';
import { Provider, type ProviderArgs } from '@pulumi/github/provider.js';
import { RepositoryEnvironment } from '@pulumi/github/repositoryEnvironment.js';
import { RepositoryEnvironmentDeploymentPolicy } from '@pulumi/github/repositoryEnvironmentDeploymentPolicy.js';
import { RepositoryRuleset } from '@pulumi/github/repositoryRuleset.js';
import { ComponentResource, type ComponentResourceOptions, type Output } from '@pulumi/pulumi';
import { deployBranch, type GithubConfig, githubEnvironments, ledgerBranch } from '../contract/github.ts';

/** Whoever runs it brings a token that may administer the repository, as `GITHUB_TOKEN`; a workflow's own never may. */
export function githubProvider({ owner }: Pick<GithubConfig, 'owner'>, args: ProviderArgs = {}): Provider {
  return new Provider('github', { owner, ...args });
}

export class RepositorySettings extends ComponentResource {
  /** Environment to its name on GitHub, known once it guards. */
  readonly environments: Readonly<Record<string, Output<string>>>;
  /** The vendor's own resources, by name. */
  readonly nodes: {
    readonly environments: readonly RepositoryEnvironment[];
    readonly rulesets: readonly RepositoryRuleset[];
  };

  constructor(name: string, config: GithubConfig, options?: ComponentResourceOptions) {
    super('trireme:github:Repository', name, {}, options);
    const environments = githubEnvironments.map((one) => createEnvironment(this, config, one));
    this.nodes = { environments, rulesets: [createMainRules(this, config), createLedgerRules(this, config)] };
    for (const [variableName, value] of Object.entries(config.variables)) {
      new ActionsVariable(variableName, { repository: config.repository, variableName, value }, { parent: this });
    }
    createSubject(this, config);
    this.environments = Object.fromEntries(
      environments.map((one, index) => [githubEnvironments[index] ?? '', one.environment]),
    );
    this.registerOutputs({ environments: this.environments });
  }
}

/** Everything from one branch, written out: what `protected branches` means changes with every rule that someone adds. */
function createEnvironment(
  parent: RepositorySettings,
  config: GithubConfig,
  name: (typeof githubEnvironments)[number],
) {
  const { repository } = config;
  const { users, teams, selfReview, variables } = config.environments[name];
  const isReviewed = users.length + teams.length > 0;
  const environment = new RepositoryEnvironment(
    name,
    {
      repository,
      environment: name,
      canAdminsBypass: false,
      deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true },
      ...(isReviewed
        ? {
            preventSelfReview: !selfReview,
            reviewers: [
              {
                users: users.map((username) => getUserOutput({ username }, { parent }).id.apply(Number)),
                teams: teams.map((slug) => getTeamOutput({ slug }, { parent }).id.apply(Number)),
              },
            ],
          }
        : {}),
    },
    { parent },
  );
  new RepositoryEnvironmentDeploymentPolicy(
    `${name}-${deployBranch}`,
    { repository, environment: environment.environment, branchPattern: deployBranch },
    { parent: environment },
  );
  for (const [variableName, value] of Object.entries(variables)) {
    new ActionsEnvironmentVariable(
      `${name}-${variableName}`,
      { repository, environment: environment.environment, variableName, value },
      { parent: environment },
    );
  }
  return environment;
}

/** Jobs may write contents, for the ledger: only by pull request does anything reach what is deployed. */
function createMainRules(parent: RepositorySettings, { repository, pullRequestApprovals }: GithubConfig) {
  return new RepositoryRuleset(
    deployBranch,
    {
      name: deployBranch,
      repository,
      target: 'branch',
      enforcement: 'active',
      conditions: { refName: { includes: [`refs/heads/${deployBranch}`], excludes: [] } },
      rules: {
        deletion: true,
        nonFastForward: true,
        pullRequest: {
          requiredApprovingReviewCount: pullRequestApprovals,
          dismissStaleReviewsOnPush: true,
          requireLastPushApproval: pullRequestApprovals > 0,
        },
      },
    },
    { parent },
  );
}

/** Facts are added and never taken back. The Actions app can't be let past a rule, so adding stays open to whoever may write. */
function createLedgerRules(parent: RepositorySettings, { repository }: GithubConfig) {
  return new RepositoryRuleset(
    'ledger',
    {
      name: ledgerBranch,
      repository,
      target: 'branch',
      enforcement: 'active',
      conditions: { refName: { includes: [`refs/heads/${ledgerBranch}`], excludes: [] } },
      rules: { deletion: true, nonFastForward: true },
    },
    { parent },
  );
}

function createSubject(parent: RepositorySettings, { repository, oidcSubject }: GithubConfig): void {
  if (oidcSubject === undefined) return;
  new ActionsRepositoryOidcSubjectClaimCustomizationTemplate(
    'oidc-subject',
    { repository, useDefault: false, includeClaimKeys: oidcSubject },
    { parent },
  );
}
