// The registry's repository, and who may read it: an account made for that, and Cloud Run in the projects of other environments.
import { Repository } from '@pulumi/gcp/artifactregistry/repository.js';
import { RepositoryIamMember } from '@pulumi/gcp/artifactregistry/repositoryIamMember.js';
import { getProjectOutput } from '@pulumi/gcp/organizations/getProject.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import { type ComponentResource, type Input, interpolate, type Resource } from '@pulumi/pulumi';
import type { FoundationConfig } from '../../contract/service.ts';
import { project } from '../names.ts';
import { labelsOf } from './labels.ts';

export function createRepository(
  parent: ComponentResource,
  config: FoundationConfig,
  dependsOn: readonly Resource[],
): Repository {
  return new Repository(
    'repository',
    {
      repositoryId: project,
      format: 'DOCKER',
      location: config.region,
      description: 'Images of the prediction service; every release is tagged',
      dockerConfig: { immutableTags: true },
      vulnerabilityScanningConfig: { enablementConfig: 'INHERITED' },
      cleanupPolicyDryRun: false,
      // Only what has no tag goes; a release has one for good, so that the ledger can go back to it.
      cleanupPolicies: [
        {
          id: 'remains-of-broken-pushes',
          action: 'DELETE',
          condition: { tagState: 'UNTAGGED', olderThan: '1209600s' },
        },
      ],
      labels: labelsOf(config.labels, 'foundation'),
    },
    { parent, dependsOn: [...dependsOn] },
  );
}

/**
 * Inside one project Cloud Run pulls as Google's own agent, which needs nothing from us:
 * https://cloud.google.com/run/docs/deploying#other-projects. This account reads images for everybody else.
 */
export function createPullAccount(parent: ComponentResource, dependsOn: readonly Resource[]): Account {
  return new Account(
    'pull-account',
    { accountId: `${project}-pull`, displayName: 'Reads images' },
    { parent, dependsOn: [...dependsOn] },
  );
}

export function allowPull(
  parent: ComponentResource,
  name: string,
  repository: Repository,
  reader: { readonly member: Input<string>; readonly dependsOn?: readonly Resource[] },
): RepositoryIamMember {
  return new RepositoryIamMember(
    name,
    {
      repository: repository.repositoryId,
      location: repository.location,
      project: repository.project,
      role: 'roles/artifactregistry.reader',
      member: reader.member,
    },
    { parent, dependsOn: [...(reader.dependsOn ?? [])] },
  );
}

/**
 * Cloud Run of another project pulls as that project's agent, which exists once the API is on.
 * https://cloud.google.com/run/docs/reference/iam/service-agents
 */
export function allowPullFrom(
  parent: ComponentResource,
  repository: Repository,
  other: { readonly project: string; readonly suffix: string; readonly apis: readonly Resource[] },
): RepositoryIamMember {
  const { number } = getProjectOutput({ projectId: other.project }, { parent });
  return allowPull(parent, `cloud-run-reader${other.suffix}`, repository, {
    member: interpolate`serviceAccount:service-${number}@serverless-robot-prod.iam.gserviceaccount.com`,
    dependsOn: other.apis,
  });
}
