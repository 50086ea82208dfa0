// What deploy roles may do with AWS's foundation: push and read images, keep Pulumi's state; and what `plan` may look at.
import { deployers } from '../grants.ts';
import { project } from '../names.ts';
import { anything, arn, iam, page, readsOfRoles } from './arns.ts';
import type { AwsGrant } from './grant-list.ts';

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
    on: arn('ecr', () => `repository/${project}`),
    source: page('amazonelasticcontainerregistry'),
  },
];

/** Pulumi's own backend: https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3 */
const state: readonly AwsGrant[] = [
  {
    for: ['state'],
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
    on: ({ stateBucket }) => (stateBucket === undefined ? [] : [`arn:aws:s3:::${stateBucket}/*`]),
    source: page('amazons3'),
  },
];

/** Made and changed by people; `plan` sees whether somebody else did. */
const drift: readonly AwsGrant[] = [
  {
    for: ['aws:ecr/repository:Repository', 'aws:ecr/lifecyclePolicy:LifecyclePolicy'],
    reads: ['ecr:DescribeRepositories', 'ecr:GetLifecyclePolicy', 'ecr:ListTagsForResource'],
    readers: ['plan'],
    writes: [],
    writers: [],
    on: arn('ecr', () => `repository/${project}`),
    source: page('amazonelasticcontainerregistry'),
  },
  {
    for: ['aws:iam/role:Role', 'aws:iam/rolePolicyAttachment:RolePolicyAttachment'],
    reads: readsOfRoles,
    readers: ['plan'],
    writes: [],
    writers: [],
    on: iam(() => `role/${project}-*`),
    source: page('awsidentityandaccessmanagementiam'),
  },
];

export const foundationGrants: readonly AwsGrant[] = [...publishing, ...state, ...drift];
