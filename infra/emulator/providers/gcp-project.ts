// The emulated Google Cloud project as its own resources see each other: names in paths, service accounts, who may be a member.
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceContext } from '../engine/resource-model.ts';
import type { EmulatedRegistry } from '../world.ts';
import { accounts } from '../world.ts';
import { Shelf } from './stored-resource.ts';

/** New projects have logging, monitoring and storage on: https://cloud.google.com/service-usage/docs/enabled-service */
const usedBefore: readonly string[] = ['artifactregistry', 'iam', 'logging', 'monitoring', 'run', 'storage'];

export class GcpProject {
  readonly registry: EmulatedRegistry;
  readonly repositories = new Shelf();
  readonly serviceAccounts = new Shelf();
  readonly members = new Shelf();
  readonly roles = new Shelf();
  readonly services = new Shelf();
  readonly pools = new Shelf();
  readonly poolProviders = new Shelf();
  readonly buckets = new Shelf();
  readonly logBuckets = new Shelf();
  readonly logSinks = new Shelf();
  /** Channels, policies, checks and dashboards, by their full names. */
  readonly monitored = new Shelf();
  readonly secrets = new Shelf();
  readonly secretVersions = new Shelf();
  /** The number of the newest version of each secret. */
  readonly lastVersions = new Map<string, number>();
  readonly instances = new Shelf();
  readonly databases = new Shelf();
  readonly databaseUsers = new Shelf();
  readonly domains = new Shelf();
  /** `<project>/<api>.googleapis.com`: what was switched on. */
  readonly apis = new Set<string>();
  /** Pools and providers whose ids are still taken. */
  readonly deletedIdentities = new Set<string>();
  readonly deletedLogBuckets = new Set<string>();

  constructor(registry: EmulatedRegistry) {
    this.registry = registry;
  }

  /** The resource's own project, else the provider's, else the one the emulated credentials belong to. */
  project(inputs: Properties, { config }: Pick<ResourceContext, 'config'>): string {
    return text(inputs, 'project') ?? text(config, 'project') ?? accounts.gcp.project;
  }

  /** @throws CloudRefusal as the provider does when neither the resource nor the provider names one. */
  location(inputs: Properties, { config }: Pick<ResourceContext, 'config'>): string {
    const location = text(inputs, 'location') ?? text(config, 'region');
    if (location === undefined)
      throw new CloudRefusal('Cannot determine location: set in this resource, or set provider-level region');
    return location;
  }

  /** A project in use for a while: what new ones need, and no more, has to be switched on. */
  hasApi(project: string, api: string): boolean {
    return usedBefore.includes(api) || this.apis.has(`${project}/${api}.googleapis.com`);
  }

  email(accountId: string, project: string): string {
    return `${accountId}@${project}.iam.gserviceaccount.com`;
  }

  /** Accounts of this project have to exist; Google's own agents, elsewhere, are taken as they come. */
  isMissing(email: string): boolean {
    const project = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1];
    if (project !== accounts.gcp.project) return false;
    return this.serviceAccounts.get(`projects/${project}/serviceAccounts/${email}`) === undefined;
  }

  requireMember(member: string): void {
    const pool =
      /^principal(?:Set)?:\/\/iam\.googleapis\.com\/(projects\/[^/]+\/locations\/global\/workloadIdentityPools\/[^/]+)\//.exec(
        member,
      )?.[1];
    if (pool !== undefined && this.pools.find((one) => one.name === pool) === undefined) {
      throw new CloudRefusal(`googleapi: Error 400: Identity Pool does not exist (${pool})., badRequest`);
    }
    const email = /^serviceAccount:(.+)$/.exec(member)?.[1];
    if (email !== undefined && this.isMissing(email)) {
      throw new CloudRefusal(`googleapi: Error 400: Service account ${email} does not exist., badRequest`);
    }
  }
}
