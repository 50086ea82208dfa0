// What deploy roles may do with AWS's foundation: push and read images, keep Pulumi's state; and what `plan` may look at.
import { deployers } from '../grants.ts';
import { project } from '../names.ts';
import { stateRights } from '../state-rights.ts';
import { anything, iam, objectsOf, page, readsOfBuckets, readsOfRoles, registry } from './arns.ts';
import type { AwsGrant } from './grant-list.ts';
import { providerHost } from './trust.ts';

const publishing: readonly AwsGrant[] = [
  {
    for: ['publish'],
    reads: ['ecr:GetAuthorizationToken'],
    writes: [],
    writers: [],
    on: anything,
    source: page('amazonelasticcontainerregistry'),
  },
  {
    for: ['publish'],
    reads: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:DescribeImages', 'ecr:GetDownloadUrlForLayer'],
    writes: ['ecr:CompleteLayerUpload', 'ecr:InitiateLayerUpload', 'ecr:PutImage', 'ecr:UploadLayerPart'],
    // Built and pushed once, before dev; prod runs what is there.
    writers: ['deploy-dev'],
    on: registry,
    source: page('amazonelasticcontainerregistry'),
  },
];

/**
 * Pulumi's own backend: https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3. Whoever could write another environment's
 * state would say what its next deployment does.
 */
const state: readonly AwsGrant[] = [
  {
    for: ['state'],
    // Names only.
    reads: ['s3:ListBucket'],
    writes: [],
    writers: [],
    on: ({ stateBucket }) => (stateBucket === undefined ? [] : [`arn:aws:s3:::${stateBucket}`]),
    source: page('amazons3'),
  },
  {
    for: ['state'],
    reads: ['s3:GetObject'],
    writes: ['s3:DeleteObject', 's3:PutObject'],
    writers: deployers,
    on: ({ stateBucket, identity }) => objectsOf(stateBucket, stateRights(identity).own),
    source: page('amazons3'),
  },
  {
    for: ['state'],
    reads: ['s3:GetObject'],
    writes: [],
    writers: [],
    on: ({ stateBucket, identity }) => objectsOf(stateBucket, stateRights(identity).common),
    source: page('amazons3'),
  },
];

/** Made and changed by people; `plan` sees whether somebody else did. */
const drift: readonly AwsGrant[] = [
  looksAt(
    [
      'aws:ecr/repository:Repository',
      'aws:ecr/lifecyclePolicy:LifecyclePolicy',
      'aws:ecr/repositoryPolicy:RepositoryPolicy',
    ],
    ['ecr:DescribeRepositories', 'ecr:GetLifecyclePolicy', 'ecr:GetRepositoryPolicy', 'ecr:ListTagsForResource'],
    registry,
    'amazonelasticcontainerregistry',
  ),
  looksAt(
    ['aws:iam/role:Role', 'aws:iam/rolePolicy:RolePolicy', 'aws:iam/rolePolicyAttachment:RolePolicyAttachment'],
    readsOfRoles,
    iam(() => `role/${project}-*`),
    'awsidentityandaccessmanagementiam',
  ),
  looksAt(
    ['aws:iam/policy:Policy'],
    ['iam:GetPolicy', 'iam:GetPolicyVersion', 'iam:ListPolicyTags', 'iam:ListPolicyVersions'],
    iam(() => `policy/${project}-*`),
    'awsidentityandaccessmanagementiam',
  ),
  looksAt(
    ['aws:iam/openIdConnectProvider:OpenIdConnectProvider'],
    ['iam:GetOpenIDConnectProvider', 'iam:ListOpenIDConnectProviderTags'],
    iam(() => `oidc-provider/${providerHost}`),
    'awsidentityandaccessmanagementiam',
  ),
  looksAt(
    ['aws:sns/topic:Topic', 'aws:sns/topicSubscription:TopicSubscription'],
    ['sns:GetSubscriptionAttributes', 'sns:GetTopicAttributes', 'sns:ListTagsForResource'],
    ({ account }) => [`arn:aws:sns:*:${account}:${project}-*`],
    'amazonsns',
  ),
  looksAt(
    ['aws:s3/bucket:Bucket'],
    readsOfBuckets,
    ({ stateBucket }) => (stateBucket === undefined ? [] : [`arn:aws:s3:::${stateBucket}`]),
    'amazons3',
  ),
];

function looksAt(types: AwsGrant['for'], reads: readonly string[], on: AwsGrant['on'], service: string): AwsGrant {
  return { for: types, reads, readers: ['plan'], writes: [], writers: [], on, source: page(service) };
}

export const foundationGrants: readonly AwsGrant[] = [...publishing, ...state, ...drift];
