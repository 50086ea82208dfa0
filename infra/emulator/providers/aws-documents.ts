// Policy documents as AWS takes them: JSON, however the program writes it, and no longer than the quota.
import { type Properties, unresolved } from '../engine/property.ts';
import { CloudRefusal, type InputFault } from '../engine/resource-model.ts';

/** Policy documents may be written as objects; AWS and the provider's state know only their JSON. */
export function withDocument(inputs: Properties, property: string): Properties {
  const value = inputs[property];
  return typeof value === 'object' && value !== null ? { ...inputs, [property]: JSON.stringify(value) } : inputs;
}

export function documentFaults(inputs: Properties, property: string): readonly InputFault[] {
  const value = inputs[property];
  if (value === undefined || value === unresolved || typeof value !== 'string') return [];
  try {
    JSON.parse(value);
    return [];
  } catch (error) {
    return [{ property, reason: `contains an invalid JSON policy: ${String(error)}` }];
  }
}

/**
 * White space doesn't count: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 * @throws CloudRefusal with `words` when the document is longer.
 */
export function refuseLong(document: string | undefined, most: number, words: string): void {
  if ((document ?? '').replaceAll(/\s/g, '').length > most) throw new CloudRefusal(words);
}
