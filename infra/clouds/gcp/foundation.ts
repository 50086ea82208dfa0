// What Google Cloud needs once: the registry, the APIs, and, where the stack file asks, who deploys, Pulumi's state and where alarms go.
import type { Repository } from '@pulumi/gcp/artifactregistry/repository.js';
import type { RepositoryIamMember } from '@pulumi/gcp/artifactregistry/repositoryIamMember.js';
import type { Account } from '@pulumi/gcp/serviceaccount/account.js';
import type { Bucket } from '@pulumi/gcp/storage/bucket.js';
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Output,
  output,
  type Resource,
} from '@pulumi/pulumi';
import type { FoundationConfig } from '../../contract/service.ts';
import { environments } from '../../contract/stack.ts';
import { project } from '../names.ts';
import { createAlarmChannel } from './alarm-channel.ts';
import { apisOf, enableApis } from './apis.ts';
import { createIdentities } from './identities.ts';
import { allowPull, allowPullFrom, createPullAccount, createRepository } from './registry.ts';
import { createStateBucket } from './state-bucket.ts';

export class GcpFoundation extends ComponentResource {
  readonly repository: Output<string>;
  readonly pullIdentity: Output<string>;
  readonly details: Output<Record<string, string>>;
  /** The vendor's own resources. */
  readonly nodes: {
    readonly repository: Repository;
    readonly account: Account;
    readonly reader: RepositoryIamMember;
    readonly stateBucket: Bucket | undefined;
  };

  constructor(name: string, config: FoundationConfig, options?: ComponentResourceOptions) {
    super('trireme:gcp:Foundation', name, {}, options);
    const { github } = config;
    const others = projectsOf(config);
    const servesHere = environments.some((environment) => config.accounts[environment] === undefined);
    const role = { foundation: true, services: servesHere, trust: github !== undefined && servesHere };
    const apis = enableApis(this, apisOf(role), { suffix: '' });
    const repository = createRepository(this, config, apis);
    const account = createPullAccount(this, apis);
    const reader = allowPull(this, 'pull-account-reader', repository, { member: account.member });
    const elsewhere = others.map((other) => this.#prepare(config, repository, other));
    const stateBucket = createStateBucket(this, config, { project: account.project, apis });
    const channel = servesHere ? createAlarmChannel(this, config, { suffix: '', apis }) : undefined;
    const all = [...apis, ...elsewhere.flatMap((one) => one.apis)];
    const identities =
      github === undefined
        ? {}
        : createIdentities(this, { config, github, home: account.project, repository, stateBucket, apis: all });

    this.nodes = { repository, account, reader, stateBucket };
    // Images lie one step below the repository.
    this.repository = interpolate`${repository.registryUri}/${project}`;
    this.pullIdentity = output([account.email, reader.id]).apply(([email]) => email ?? '');
    this.details = output<Record<string, Input<string>>>({
      project: repository.project,
      ...(channel === undefined ? {} : { alarmChannel: channel.name }),
      ...Object.assign({}, ...elsewhere.map((one) => one.details)),
      ...(stateBucket === undefined ? {} : { stateBucket: stateBucket.name }),
      ...identities,
    });
    this.registerOutputs({ repository: this.repository, pullIdentity: this.pullIdentity, details: this.details });
  }

  /** A project of one environment: its APIs, its Cloud Run's right to read images, its own alarm channel. */
  #prepare(config: FoundationConfig, repository: Repository, { project: id, environments: of }: OwnProject): Prepared {
    const suffix = `-${of.join('-')}`;
    const role = { foundation: false, services: true, trust: config.github !== undefined };
    const apis = enableApis(this, apisOf(role), { project: id, suffix });
    const reader = allowPullFrom(this, repository, { project: id, suffix, apis });
    const channel = createAlarmChannel(this, config, { project: id, suffix, apis });
    const named = channel === undefined ? [] : of.map((one) => [`alarmChannel.${one}`, channel.name] as const);
    return { apis: [...apis, reader], details: Object.fromEntries(named) };
  }
}

interface Prepared {
  readonly apis: readonly Resource[];
  readonly details: Readonly<Record<string, Output<string>>>;
}

export interface OwnProject {
  readonly project: string;
  readonly environments: readonly string[];
}

/** The projects beside the foundation's own, each with the environments that live in it. */
export function projectsOf({ accounts }: Pick<FoundationConfig, 'accounts'>): readonly OwnProject[] {
  const named = environments.flatMap((environment) => accounts[environment] ?? []);
  return [...new Set(named)].map((id) => ({
    project: id,
    environments: environments.filter((environment) => accounts[environment] === id),
  }));
}
