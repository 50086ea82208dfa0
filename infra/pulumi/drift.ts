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
  return {
    urn,
    type,
    name: nameOf(urn),
    kind: op === 'delete' ? 'missing' : 'changed',
    fields: op === 'delete' ? [] : fieldsOf(metadata),
  };
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
