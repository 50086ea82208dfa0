// The emulated Google Cloud project as its own resources see each other: names in paths, service accounts, who may be a member.
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceContext } from '../engine/resource-model.ts';
import type { EmulatedRegistry } from '../world.ts';
import { accounts } from '../world.ts';
import { Shelf } from './stored-resource.ts';

export class GcpProject {
  readonly registry: EmulatedRegistry;
  readonly repositories = new Shelf();
  readonly serviceAccounts = new Shelf();
  readonly members = new Shelf();

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
    const email = /^serviceAccount:(.+)$/.exec(member)?.[1];
    if (email !== undefined && this.isMissing(email)) {
      throw new CloudRefusal(`googleapi: Error 400: Service account ${email} does not exist., badRequest`);
    }
  }
}
