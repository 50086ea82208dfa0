// What a refresh that writes nothing would change in a state, from the engine's own events.
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { canonicalJson } from '../contract/canonical.ts';
import type { ResourceDrift } from '../contract/drift.ts';
import { compare, nameOf, settled, stackType, valueAt } from './plan.ts';

type Metadata = NonNullable<EngineEvent['resOutputsEvent']>['metadata'];

/** What was found is told by `resOutputsEvent`: before it, every resource is only about to be read. */
export function driftOf(event: EngineEvent): ResourceDrift | undefined {
  const metadata = event.resOutputsEvent?.metadata;
  if (metadata === undefined || metadata.type === stackType) return undefined;
  const { op, urn, type } = metadata;
  if (op !== 'update' && op !== 'delete') return undefined;
  if (type === referenceType) return outdated(metadata);
  return {
    urn,
    type,
    name: nameOf(urn),
    kind: op === 'delete' ? 'missing' : 'changed',
    fields: op === 'delete' ? [] : fieldsOf(metadata),
  };
}

const referenceType = 'pulumi:pulumi:StackReference';

/** `organization/trireme/aws-foundation` is what the resource is called. */
function outdated({ urn, type, old, new: now }: Metadata): ResourceDrift {
  const before = flat(settled(old?.outputs?.outputs));
  const after = flat(settled(now?.outputs?.outputs));
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => canonicalJson(before.get(path) ?? null) !== canonicalJson(after.get(path) ?? null),
  );
  const fields = paths
    .sort(compare)
    .map((path) => ({ path, declared: shown(before.get(path)), found: shown(after.get(path)) }));
  return { urn, type, name: nameOf(urn).split('/').at(-1) ?? '', kind: 'outdated', fields };
}

/** Outputs by name; those that are records, by theirs. */
function flat(outputs: unknown): ReadonlyMap<string, unknown> {
  const record = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!record(outputs)) return new Map();
  return new Map(
    Object.entries(outputs).flatMap(([name, value]) =>
      record(value)
        ? Object.entries(value).map(([key, inner]) => [`${name}.${key}`, inner] as const)
        : [[name, value] as const],
    ),
  );
}

function fieldsOf({ old, new: now, detailedDiff, diffs }: Metadata): ResourceDrift['fields'] {
  const paths = Object.keys(detailedDiff ?? {});
  return [...(paths.length > 0 ? paths : (diffs ?? []))].sort(compare).map((path) => ({
    path,
    declared: shown(valueIn(old, path)),
    found: shown(valueIn(now, path)),
  }));
}

/** A difference is one of inputs; what a vendor filled in stands with the outputs only. */
function valueIn(state: Metadata['old'], path: string): unknown {
  return valueAt(settled(state?.inputs), path) ?? valueAt(settled(state?.outputs), path);
}

const longest = 200;

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
