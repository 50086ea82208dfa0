// What a foundation made for one environment, so that its deployer needs rights on that alone: a service stack takes it over, and never deletes it.
import { type CustomResourceOptions, Output } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../contract/service.ts';

type Needs = Pick<PredictionServiceArgs, 'stack' | 'foundation'>;

/**
 * Options of the resource a stack makes itself where no foundation did. What a stack made before stays as it is: its id is the same one.
 * @param name of the foundation's detail, `<name>.<environment>`, which holds the id
 * @param kept inputs that are the foundation's to say
 */
export function adopting(
  { stack, foundation: { details } }: Needs,
  name: string,
  kept: readonly string[],
): Pick<CustomResourceOptions, 'import' | 'retainOnDelete' | 'ignoreChanges'> {
  // In a program that makes both at once, nobody knows yet what there will be.
  if (Output.isInstance(details) || details instanceof Promise) return {};
  const id = details[`${name}.${stack.environment}`];
  return id === undefined ? {} : { import: id, retainOnDelete: true, ignoreChanges: [...kept] };
}
