// Where a service's resources go on Azure: their group, their tags, and what they hang from in Pulumi's tree.
import type { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import type { ComponentResource, Output } from '@pulumi/pulumi';
import type { ServiceConfig } from '../../contract/service.ts';
import type { Stack } from '../../contract/stack.ts';
import { project } from '../names.ts';

export interface Place {
  readonly parent: ComponentResource;
  readonly group: ResourceGroup;
  /**
   * Where a regional resource is. Said on each: what is left out, azure-native takes from its own state, so that another region in a
   * stack file would change nothing.
   */
  readonly regional: { readonly resourceGroupName: Output<string>; readonly location: string };
  readonly tags: Readonly<Record<string, string>>;
  readonly stack: Stack;
  readonly config: ServiceConfig;
  /** Ends names that are global: of sites, storage accounts, database servers. */
  readonly nameSuffix: Output<string>;
}

/** What the platform says of its own stays: a label of the same name loses. Sorted, so that a stack file's order is no change. */
export function tagsFor(environment: string, labels: Readonly<Record<string, string>>): Record<string, string> {
  const tags = { ...labels, environment, 'managed-by': 'pulumi', project };
  return Object.fromEntries(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** ISO 8601, as Azure Monitor takes it: `PT5M`. */
export function minutesOf(seconds: number): string {
  return `PT${Math.ceil(seconds / 60)}M`;
}
