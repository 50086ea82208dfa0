// What Google Cloud needs once: the registry's repository, and an account that may read it and nothing else.
import { Repository } from '@pulumi/gcp/artifactregistry/repository.js';
import { RepositoryIamMember } from '@pulumi/gcp/artifactregistry/repositoryIamMember.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output, output } from '@pulumi/pulumi';
import type { FoundationConfig } from '../../contract/service.ts';
import { project } from '../names.ts';

export class GcpFoundation extends ComponentResource {
  readonly repository: Output<string>;
  readonly pullIdentity: Output<string>;
  readonly details: Output<Record<string, string>>;
  /** The vendor's own resources. */
  readonly nodes: {
    readonly repository: Repository;
    readonly account: Account;
    readonly reader: RepositoryIamMember;
  };

  constructor(name: string, config: FoundationConfig, options?: ComponentResourceOptions) {
    super('trireme:gcp:Foundation', name, {}, options);
    const repository = createRepository(this, config);
    const account = createAccount(this);
    const reader = allowPull(this, repository, account);

    this.nodes = { repository, account, reader };
    // Images lie one step below the repository.
    this.repository = interpolate`${repository.registryUri}/${project}`;
    this.pullIdentity = output([account.email, reader.id]).apply(([email]) => email ?? '');
    this.details = repository.project.apply((name): Record<string, string> => ({ project: name }));
    this.registerOutputs({ repository: this.repository, pullIdentity: this.pullIdentity, details: this.details });
  }
}

function createRepository(parent: ComponentResource, config: FoundationConfig): Repository {
  return new Repository(
    'repository',
    {
      repositoryId: project,
      format: 'DOCKER',
      location: config.region,
      description: 'Images of the prediction service; every release is tagged',
      dockerConfig: { immutableTags: true },
      cleanupPolicyDryRun: false,
      cleanupPolicies: [
        {
          id: 'remains-of-broken-pushes',
          action: 'DELETE',
          condition: { tagState: 'UNTAGGED', olderThan: '1209600s' },
        },
      ],
    },
    { parent },
  );
}

/**
 * Inside one project Cloud Run pulls as Google's own agent, which needs nothing from us:
 * https://cloud.google.com/run/docs/deploying#other-projects. This account reads images for everybody else.
 */
function createAccount(parent: ComponentResource): Account {
  return new Account('pull-account', { accountId: `${project}-pull`, displayName: 'Reads images' }, { parent });
}

function allowPull(parent: ComponentResource, repository: Repository, account: Account): RepositoryIamMember {
  return new RepositoryIamMember(
    'pull-account-reader',
    {
      repository: repository.repositoryId,
      location: repository.location,
      project: repository.project,
      role: 'roles/artifactregistry.reader',
      member: account.member,
    },
    { parent },
  );
}
