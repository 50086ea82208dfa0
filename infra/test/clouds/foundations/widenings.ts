// Widenings planted into what the foundations made: each of them a mistake somebody could make, and each has to show in the tables.
import type { Cloud } from '../../../contract/stack.ts';
import { accounts } from '../../../emulator/world.ts';
import { type Made, nameOf } from './made.ts';

type Inputs = Made['inputs'];
export type Widening = readonly [what: string, widen: (made: readonly Made[]) => readonly Made[]];

/** @throws Error where there is nothing to widen: a plant that touches nothing would prove nothing */
function change(type: string, name: string, to: (inputs: Inputs) => Inputs): Widening[1] {
  return (made) => {
    const isIt = (one: Made) => one.type === type && nameOf(one) === name;
    if (!made.some(isIt)) throw new Error(`nothing is called ${name} of ${type}`);
    return made.map((one) => (isIt(one) ? { ...one, inputs: to(one.inputs) } : one));
  };
}

const text = (value: unknown) => String(value);
const home = accounts.aws.accountId;

/** One statement more in a policy. */
const allowing =
  (key: string, ...more: readonly object[]) =>
  (inputs: Inputs) => {
    const policy: { Statement: object[] } = JSON.parse(text(inputs[key]));
    return { ...inputs, [key]: JSON.stringify({ ...policy, Statement: [...policy.Statement, ...more] }) };
  };
const devPolicy = (...more: readonly object[]) =>
  change('aws:iam/rolePolicy:RolePolicy', 'deploy-dev-policy', allowing('policy', ...more));
const allow = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource });

const aws: readonly Widening[] = [
  [
    'the state of all',
    change(
      'aws:iam/policy:Policy',
      'deploy-dev-state',
      allowing('policy', allow('s3:PutObject', `arn:aws:s3:::trireme-state-${home}/*`)),
    ),
  ],
  [
    'locks by a wildcard',
    change(
      'aws:iam/policy:Policy',
      'deploy-dev-state',
      allowing(
        'policy',
        allow('s3:PutObject', `arn:aws:s3:::trireme-state-${home}/.pulumi/locks/organization/trireme/*-dev/*`),
      ),
    ),
  ],
  ['any role of trireme passed', devPolicy({ ...allow('iam:PassRole', `arn:aws:iam::${home}:role/trireme-*`) })],
  ['roles without a boundary', devPolicy(allow('iam:CreateRole', `arn:aws:iam::${home}:role/trireme-dev-*`))],
  ['any policy attached', devPolicy(allow('iam:AttachRolePolicy', `arn:aws:iam::${home}:role/trireme-dev-*`))],
  ['images deleted', devPolicy(allow('ecr:BatchDeleteImage', '*'))],
  [
    'deploy-prod trusts deploy-dev',
    change(
      'aws:iam/role:Role',
      'deploy-prod',
      allowing('assumeRolePolicy', {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: `arn:aws:iam::${home}:role/trireme-deploy-dev` },
      }),
    ),
  ],
  [
    'a boundary that denies nothing',
    change('aws:iam/policy:Policy', 'boundary-dev', (inputs) => ({
      ...inputs,
      policy: text(inputs.policy).replaceAll('"Deny"', '"Allow"'),
    })),
  ],
  [
    'prod pushes',
    change('aws:iam/rolePolicy:RolePolicy', 'deploy-prod-policy', allowing('policy', allow('ecr:PutImage', '*'))),
  ],
];

const permits = (name: string, permission: string) =>
  change('gcp:projects/iAMCustomRole:IAMCustomRole', name, (inputs) => ({
    ...inputs,
    permissions: [...(Array.isArray(inputs.permissions) ? inputs.permissions : []), permission],
  }));
const unconditional = ({ condition: _, ...others }: Inputs): Inputs => others;
const conditioned = (expression: string) => (inputs: Inputs) => ({
  ...inputs,
  condition: { title: 'wider', expression },
});
const inDevProject = (to: (inputs: Inputs) => Inputs) =>
  change('gcp:projects/iAMMember:IAMMember', 'deploy-dev-project', to);
const onDevState = (to: (inputs: Inputs) => Inputs) =>
  change('gcp:storage/bucketIAMMember:BucketIAMMember', 'deploy-dev-state', to);

const gcp: readonly Widening[] = [
  ['acting as all accounts', permits('deploy-dev-role', 'iam.serviceAccounts.actAs')],
  ['accounts deleted', permits('deploy-dev-role', 'iam.serviceAccounts.delete')],
  ['accounts’ policies', permits('deploy-dev-role', 'iam.serviceAccounts.setIamPolicy')],
  ['the project without a condition', inDevProject(unconditional)],
  [
    'the token creator’s role',
    (made) => [
      ...made,
      ...made
        .filter((one) => nameOf(one) === 'deploy-dev-project')
        .map((one) => ({
          ...one,
          inputs: { ...unconditional(one.inputs), role: 'roles/iam.serviceAccountTokenCreator' },
        })),
    ],
  ],
  ['the state without a condition', onDevState(unconditional)],
  [
    'locks by a place within',
    onDevState(
      conditioned(
        "resource.name.extract('/objects/.pulumi/locks/organization/trireme/{stack}/') == 'gcp-dev' || resource.name.startsWith('projects/_/buckets/trireme-emulated-trireme-state/objects/.pulumi/')",
      ),
    ),
  ],
  ['images deleted', permits('deploy-dev-repository-role', 'artifactregistry.versions.delete')],
  ['prod pushes', permits('deploy-prod-repository-role', 'artifactregistry.repositories.uploadArtifacts')],
];

const assigned = (name: string, to: (inputs: Inputs) => Inputs) =>
  change('azure-native:authorization:RoleAssignment', name, to);
const lists = (name: string, action: string) =>
  change('azure-native:authorization:RoleDefinition', name, (inputs) => ({
    ...inputs,
    permissions: [
      ...(Array.isArray(inputs.permissions) ? inputs.permissions : []),
      { actions: [action], dataActions: [] },
    ],
  }));

const azure: readonly Widening[] = [
  [
    'rights in the whole subscription',
    assigned('deploy-dev-environment', (inputs) => ({
      ...inputs,
      scope: `/subscriptions/${accounts.azure.subscriptionId}`,
    })),
  ],
  ['any role given', assigned('deploy-dev-environment', unconditional)],
  [
    'roles given to anybody',
    assigned('deploy-dev-environment', (inputs) => ({
      ...inputs,
      condition: text(inputs.condition).replaceAll("{'ServicePrincipal'}", "{'ServicePrincipal', 'User'}"),
    })),
  ],
  ['the state without a condition', assigned('deploy-dev-state', unconditional)],
  [
    'the state of all',
    assigned('deploy-dev-state', (inputs) => ({
      ...inputs,
      condition: text(inputs.condition).replaceAll('.pulumi/stacks/trireme/aws-dev.json*', '.pulumi/*'),
    })),
  ],
  [
    'identities handed out in the subscription',
    lists('deploy-dev-subscription', 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'),
  ],
  [
    'trust written in the subscription',
    lists(
      'deploy-dev-subscription',
      'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write',
    ),
  ],
  ['images deleted', lists('deploy-dev-registry', 'Microsoft.ContainerRegistry/registries/artifacts/delete')],
  ['prod pushes', lists('deploy-prod-registry', 'Microsoft.ContainerRegistry/registries/push/write')],
];

export const widenings: Readonly<Record<Cloud, readonly Widening[]>> = { aws, gcp, azure };
