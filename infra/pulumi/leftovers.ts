// What killed and failed runs left in a stack's state, read from its own document. Pure.
import { z } from 'zod';
import { nameOf } from './plan.ts';

export interface Recorded {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly parent: string | undefined;
  /** `<urn>::<id>` of the provider it belongs to. */
  readonly provider: string | undefined;
}

export interface Leftovers {
  readonly resources: readonly (Recorded & { readonly id: string | undefined })[];
  readonly pending: readonly (Recorded & { readonly operation: string })[];
  readonly halfMade: readonly (Recorded & { readonly reasons: readonly string[] })[];
}

const resource = z.object({
  id: z.string().nullish(),
  urn: z.string(),
  type: z.string(),
  inputs: z.record(z.string(), z.unknown()).nullish(),
  parent: z.string().nullish(),
  provider: z.string().nullish(),
  initErrors: z.array(z.string()).nullish(),
});
const deployment = z.object({
  resources: z.array(resource).nullish(),
  pending_operations: z.array(z.object({ resource, type: z.string() })).nullish(),
});

/** @param document a `deployment`, as `pulumi stack export` has it. */
export function parseLeftovers(document: unknown): Leftovers {
  const { resources, pending_operations } = deployment.parse(document ?? {});
  return {
    resources: (resources ?? []).map((one) => ({ ...recorded(one), id: one.id || undefined })),
    pending: (pending_operations ?? []).map(({ resource, type }) => ({ ...recorded(resource), operation: type })),
    halfMade: (resources ?? []).flatMap((one) =>
      (one.initErrors ?? []).length === 0 ? [] : [{ ...recorded(one), reasons: one.initErrors ?? [] }],
    ),
  };
}

function recorded({ urn, type, inputs, parent, provider }: z.infer<typeof resource>): Recorded {
  const filled = { parent: parent || undefined, provider: provider || undefined };
  return { urn, name: nameOf(urn), type, inputs: inputs ?? {}, ...filled };
}

/** The document that `pulumi import --file` takes: https://www.pulumi.com/docs/iac/guides/migration/import/#bulk-import-operations */
export function importDocument(wanted: readonly (Recorded & { readonly id: string })[]): unknown {
  const nameTable: Record<string, string> = {};
  const known = (urn: string | undefined): string | undefined => {
    if (urn === undefined) return undefined;
    const name = `at-${Object.keys(nameTable).length}`;
    const found = Object.entries(nameTable).find(([, one]) => one === urn)?.[0];
    if (found === undefined) nameTable[name] = urn;
    return found ?? name;
  };
  const resources = wanted.map(({ type, name, id, parent, provider }) => ({
    type,
    name,
    id,
    ...definedOnly({
      // The stack itself is every resource's parent unless another is named.
      parent: parent?.includes('::pulumi:pulumi:Stack::') ? undefined : known(parent),
      provider: known(provider?.replace(/::[^:]*$/, '')),
    }),
  }));
  return { nameTable, resources };
}

function definedOnly(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
