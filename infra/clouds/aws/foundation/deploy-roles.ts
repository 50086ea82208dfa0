// How GitHub's jobs get into an account: trust in its tokens, one role for each identity with the least it needs, and a bound on what they make.
import { OpenIdConnectProvider } from '@pulumi/aws/iam/openIdConnectProvider.js';
import { Policy } from '@pulumi/aws/iam/policy.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import type { CustomResourceOptions, Input, Output } from '@pulumi/pulumi';
import { output } from '@pulumi/pulumi';
import { type DeployIdentity, deployIdentities, type TrustedRepository } from '../../../contract/service.ts';
import type { Environment } from '../../../contract/stack.ts';
import { environmentOf } from '../../grants.ts';
import { project } from '../../names.ts';
import { audiences, issuer } from '../../trust.ts';
import { boundaryDocument, boundaryName } from '../boundary.ts';
import type { AwsScope } from '../grant-list.ts';
import { policyDocument } from '../grants.ts';
import { assumeRolePolicy } from '../trust.ts';

export interface DeployRolesArgs {
  readonly repository: TrustedRepository;
  readonly environments: readonly Environment[];
  readonly scope: AwsScope;
  readonly suffix: string;
  readonly tags: Record<string, string>;
}

/** ARNs of roles and boundaries, by the names a foundation hands them out under. */
export function createDeployRoles(
  args: DeployRolesArgs,
  options: CustomResourceOptions,
): Readonly<Record<string, Output<string>>> {
  const provider = createProvider(args, options);
  const boundaries = args.environments.map((environment) => [
    `permissionsBoundary.${environment}`,
    createBoundary(args, environment, options).arn,
  ]);
  const roles = deployIdentities
    .filter((identity) => args.environments.includes(environmentOf(identity)))
    .map((identity) => [`role.${identity}`, createRole(args, { identity, providerArn: provider.arn }, options)]);
  return Object.fromEntries([...boundaries, ...roles]);
}

/** One in an account for each issuer. No thumbprint: AWS knows GitHub's certificate authority. */
function createProvider({ suffix, tags }: DeployRolesArgs, options: CustomResourceOptions): OpenIdConnectProvider {
  return new OpenIdConnectProvider(`github${suffix}`, { url: issuer, clientIdLists: [audiences.aws], tags }, options);
}

function createBoundary(
  { scope, tags }: DeployRolesArgs,
  environment: Environment,
  options: CustomResourceOptions,
): Policy {
  return new Policy(
    `boundary-${environment}`,
    {
      name: boundaryName(environment),
      description: `What roles made by deployments to ${environment} may do at most`,
      policy: JSON.stringify(boundaryDocument({ account: scope.account, environment })),
      tags,
    },
    options,
  );
}

/** The ARN is handed out once the role can do its work. */
function createRole(
  args: DeployRolesArgs,
  { identity, providerArn }: { readonly identity: DeployIdentity; readonly providerArn: Input<string> },
  options: CustomResourceOptions,
): Output<string> {
  const { repository, scope, tags } = args;
  const role = new Role(
    identity,
    {
      name: `${project}-${identity}`,
      description: `${identity === 'plan' ? 'Reads for previews and drift' : `Deploys to ${environmentOf(identity)}`}, from GitHub`,
      assumeRolePolicy: output(providerArn).apply((arn) =>
        JSON.stringify(assumeRolePolicy({ identity, repository, providerArn: arn })),
      ),
      tags,
    },
    options,
  );
  const policy = new RolePolicy(
    `${identity}-policy`,
    { name: identity, role: role.id, policy: JSON.stringify(policyDocument(identity, scope, 'services')) },
    options,
  );
  const state = allowState(args, identity, role, options);
  return output([role.arn, policy.id, state?.id]).apply(([arn]) => arn ?? '');
}

function allowState(
  { scope, tags }: DeployRolesArgs,
  identity: DeployIdentity,
  role: Role,
  options: CustomResourceOptions,
): RolePolicyAttachment | undefined {
  const document = policyDocument(identity, scope, 'state');
  if (document.Statement.length === 0) return undefined;
  const policy = new Policy(
    `${identity}-state`,
    {
      name: `${project}-${identity}-state`,
      description: `What of Pulumi's state ${identity} may reach`,
      policy: JSON.stringify(document),
      tags,
    },
    options,
  );
  return new RolePolicyAttachment(`${identity}-state`, { role: role.name, policyArn: policy.arn }, options);
}
