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

/**
 * What a tag may not be. Names that differ in case alone are one: https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
 */
export function tagFaults(labels: Readonly<Record<string, string>>): string[] {
  const own = tagsFor('', {});
  const keys = Object.keys(labels);
  return [
    ...keys
      .filter((key) => key.toLowerCase() in own && !(key in own))
      .map((key) => `labels.${key}: expected a name that the platform does not use itself; found \`${key}\``),
    ...keys
      .filter((key) => /[<>%&\\?/]/.test(key) || key.length > 512)
      .map((key) => `labels.${key}: expected a name without <>%&\\?/, at most 512 characters; found \`${key}\``),
    ...Object.entries(labels)
      .filter(([, value]) => value.length > 256)
      .map(([key, value]) => `labels.${key}: expected at most 256 characters; found \`${value}\``),
  ];
}

/** ISO 8601, as Azure Monitor takes it: `PT5M`. */
export function minutesOf(seconds: number): string {
  return `PT${Math.ceil(seconds / 60)}M`;
}
