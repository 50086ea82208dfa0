// The emulated AWS account as its own resources see each other: roles, what they trust, what they may do, ARNs.
import { isRecord, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceContext } from '../engine/resource-model.ts';
import type { EmulatedRegistry } from '../world.ts';
import { accounts } from '../world.ts';
import { Shelf } from './stored-resource.ts';

/** Whose credentials the asking provider uses: those of the role it assumes, else those of the machine. Nested settings of providers are JSON. */
export function accountOf(config: Properties): string {
  const role = /arn:aws:iam::(\d{12}):role\//.exec(text(config, 'assumeRoles') ?? '');
  return role?.[1] ?? accounts.aws.accountId;
}

export const ecrAccessPolicyArn = 'arn:aws:iam::aws:policy/service-role/AWSAppRunnerServicePolicyForECRAccess';

export class AwsAccount {
  readonly id: string;
  readonly registry: EmulatedRegistry;
  readonly repositories = new Shelf();
  readonly lifecyclePolicies = new Shelf();
  readonly repositoryPolicies = new Shelf();
  readonly roles = new Shelf();
  readonly roleAttachments = new Shelf();
  readonly rolePolicies = new Shelf();
  readonly policies = new Shelf();
  readonly buckets = new Shelf();
  readonly databases = new Shelf();
  readonly #shelves = new Map<string, Shelf>();

  constructor(registry: EmulatedRegistry, id: string) {
    this.registry = registry;
    this.id = id;
  }

  /** Where all resources of one kind are, for kinds that have no name of their own here. */
  shelf(module: string): Shelf {
    const shelf = this.#shelves.get(module) ?? new Shelf();
    this.#shelves.set(module, shelf);
    return shelf;
  }

  /** The resource's own region, else the provider's, else the registry's: what `AWS_REGION` says to a provider that has a process of its own. */
  region(inputs: Properties, { config }: Pick<ResourceContext, 'config'>): string {
    return text(inputs, 'region') ?? text(config, 'region') ?? this.registry.host.split('.')[3] ?? 'eu-west-1';
  }

  /** What `tagsAll` and `region` are on nearly every resource. */
  derive(inputs: Properties, context: ResourceContext): Properties {
    return { region: this.region(inputs, context), tagsAll: isRecord(inputs.tags) ? inputs.tags : {} };
  }

  roleArn(name: string): string {
    return `arn:aws:iam::${this.id}:role/${name}`;
  }

  requireRole(name: string): void {
    if (this.roles.get(name) === undefined) {
      throw new CloudRefusal(`NoSuchEntity: The role with name ${name} cannot be found.`);
    }
  }

  requireRepository(name: string): void {
    if (this.repositories.get(name) === undefined) {
      throw new CloudRefusal(
        `RepositoryNotFoundException: The repository with name '${name}' does not exist in the registry with id '${this.id}'`,
      );
    }
  }

  /** Why App Runner could not pull with this role; `undefined` when it can. */
  pullRefusal(roleArn: string): string | undefined {
    const refusal = this.assumeRefusal(roleArn, 'build.apprunner.amazonaws.com');
    if (refusal !== undefined) return refusal;
    const name = roleName(roleArn);
    const attached = this.roleAttachments.find((one) => one.role === name && one.policyArn === ecrAccessPolicyArn);
    const inline = this.rolePolicies.find(
      (one) => one.role === name && (text(one, 'policy') ?? '').includes('ecr:GetDownloadUrlForLayer'),
    );
    if (attached !== undefined || inline !== undefined) return undefined;
    return `Failed to pull your application image. Be sure you configure your service with a valid access role to your ECR repository: ${roleArn} holds no permission to pull`;
  }

  /** Why a service of AWS could not act as this role; `undefined` when it can. */
  assumeRefusal(roleArn: string, service: string): string | undefined {
    const found = this.roles.find((one) => one.arn === roleArn);
    const trust = text(found, 'assumeRolePolicy');
    if (trust?.includes(`"${service}"`)) return undefined;
    return `Error in assuming access role ${roleArn}: ${found === undefined ? 'it does not exist' : `it does not trust ${service}`}`;
  }
}

/** A role's path is part of its ARN, not of its name: `arn:aws:iam::123456789012:role/some/path/name`. */
function roleName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
