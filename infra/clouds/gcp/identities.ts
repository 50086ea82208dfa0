// Who deploys from GitHub: a pool that takes GitHub's tokens, and one service account per identity, in the project that identity deploys to.
import { randomBytes } from 'node:crypto';
import { WorkloadIdentityPool } from '@pulumi/gcp/iam/workloadIdentityPool.js';
import { WorkloadIdentityPoolProvider } from '@pulumi/gcp/iam/workloadIdentityPoolProvider.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import { IAMMember as AccountMember } from '@pulumi/gcp/serviceaccount/iammember.js';
import type { ComponentResource, Output, Resource } from '@pulumi/pulumi';
import {
  type DeployIdentity,
  deployIdentities,
  type FoundationConfig,
  type TrustedRepository,
} from '../../contract/service.ts';
import { type Environment, environments } from '../../contract/stack.ts';
import { environmentOf } from '../grants.ts';
import { project } from '../names.ts';
import { issuer } from '../trust.ts';
import { allowEverything, type Rights } from './identity-rights.ts';
import { runtimeAccountArgs } from './runtime-account.ts';
import { attributeCondition, attributeMapping, principals } from './trust.ts';

export interface Trusting extends Rights {
  readonly github: TrustedRepository;
  readonly apis: readonly Resource[];
}

/** What jobs and service stacks need to know of it, by name. */
export function createIdentities(
  parent: ComponentResource,
  trusting: Omit<Trusting, 'runtimeAccounts'>,
): Readonly<Record<string, Output<string>>> {
  const { config, github, apis } = trusting;
  const runtimeAccounts = Object.fromEntries(
    environments.map((environment) => [environment, createRuntimeAccount(parent, environment, config, apis)]),
  ) as Record<Environment, Account>;
  const details: Record<string, Output<string>> = Object.fromEntries(
    environments.map((environment) => [`runtimeAccount.${environment}`, runtimeAccounts[environment].name]),
  );
  for (const { target, suffix, identities } of homesOf(config)) {
    const pool = createPool(parent, { target, suffix, apis });
    const provider = createProvider(parent, {
      target,
      suffix,
      pool,
      condition: attributeCondition(github, identities),
    });
    for (const identity of identities) {
      const account = createIdentity(parent, identity, { ...trusting, runtimeAccounts }, { target, pool: pool.name });
      details[`account.${identity}`] = account.email;
      details[suffix === '' ? providerKey : `${providerKey}.${environmentOf(identity)}`] = provider.name;
    }
  }
  return details;
}

export const providerKey = 'workloadIdentityProvider';

export interface Home {
  /** `undefined`: the foundation's own. */
  readonly target: string | undefined;
  readonly suffix: string;
  readonly identities: readonly DeployIdentity[];
}

/** An identity lives in the project it deploys to, where no other environment's deployer has any right; its own first. */
export function homesOf({ accounts }: Pick<FoundationConfig, 'accounts'>): readonly Home[] {
  const targets = [...new Set(environments.map((environment) => accounts[environment]))];
  return targets.map((target) => {
    const served = environments.filter((environment) => accounts[environment] === target);
    return {
      target,
      suffix: target === undefined ? '' : `-${served.join('-')}`,
      identities: deployIdentities.filter((identity) => served.includes(environmentOf(identity))),
    };
  });
}

interface Placed {
  readonly target: string | undefined;
  readonly suffix: string;
}

const inProject = ({ target }: Pick<Placed, 'target'>) => (target === undefined ? {} : { project: target });

/**
 * A deleted pool keeps its id for 30 days, and the provider can't take it back: the id ends in something that is new each time the pool is,
 * and stays as long as it does. https://github.com/hashicorp/terraform-provider-google/issues/14191
 */
function createPool(
  parent: ComponentResource,
  { apis, ...placed }: Placed & { readonly apis: readonly Resource[] },
): WorkloadIdentityPool {
  return new WorkloadIdentityPool(
    `github-pool${placed.suffix}`,
    {
      workloadIdentityPoolId: `${project}-${randomBytes(3).toString('hex')}`,
      displayName: 'GitHub Actions',
      description: 'Tokens of the one repository that may deploy',
      ...inProject(placed),
    },
    { parent, dependsOn: [...apis], ignoreChanges: ['workloadIdentityPoolId'] },
  );
}

function createProvider(
  parent: ComponentResource,
  { pool, condition, ...placed }: Placed & { readonly pool: WorkloadIdentityPool; readonly condition: string },
): WorkloadIdentityPoolProvider {
  return new WorkloadIdentityPoolProvider(
    `github-provider${placed.suffix}`,
    {
      workloadIdentityPoolId: pool.workloadIdentityPoolId,
      workloadIdentityPoolProviderId: 'github',
      displayName: 'GitHub Actions',
      attributeMapping: { ...attributeMapping },
      attributeCondition: condition,
      // Left out, the one audience is the provider's own name: https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers#Oidc
      oidc: { issuerUri: issuer },
      ...inProject(placed),
    },
    { parent },
  );
}

/** @param home.pool `projects/<number>/locations/global/workloadIdentityPools/<id>` */
function createIdentity(
  parent: ComponentResource,
  identity: DeployIdentity,
  trusting: Trusting,
  { target, pool }: { readonly target: string | undefined; readonly pool: Output<string> },
): Account {
  const { github, apis } = trusting;
  const account = new Account(
    identity,
    { accountId: `${project}-${identity}`, displayName: descriptions[identity], ...inProject({ target }) },
    { parent, dependsOn: [...apis] },
  );
  principals(identity, github, '').forEach((_, index) => {
    new AccountMember(
      index === 0 ? `${identity}-github` : `${identity}-github-${index + 1}`,
      {
        serviceAccountId: account.name,
        role: 'roles/iam.workloadIdentityUser',
        member: pool.apply((name) => principals(identity, github, name)[index] ?? ''),
      },
      { parent },
    );
  });
  allowEverything(parent, identity, account, trusting);
  return account;
}

/** Whom a container of that environment acts as. Made here, because only on one that is there can a deployer be let act as it, and as no other. */
function createRuntimeAccount(
  parent: ComponentResource,
  environment: Environment,
  { accounts }: FoundationConfig,
  apis: readonly Resource[],
): Account {
  return new Account(
    `runtime-account-${environment}`,
    { ...runtimeAccountArgs(environment), ...inProject({ target: accounts[environment] }) },
    { parent, dependsOn: [...apis] },
  );
}

const descriptions: Readonly<Record<DeployIdentity, string>> = {
  'deploy-dev': 'Deploys to dev from GitHub',
  'deploy-prod': 'Deploys to prod from GitHub',
  plan: 'Previews and looks for drift from GitHub; changes nothing',
};
