// The engine's answers to check and diff, built from faults and changes.
import type { CheckResponse, DiffResponse } from '@pulumi/pulumi/proto/provider_pb.js';
import provider from '@pulumi/pulumi/proto/provider_pb.js';
import type { InputChange } from './input-diff.ts';
import { type Properties, toStruct } from './property.ts';
import type { InputFault } from './resource-model.ts';

export function checkResponse(inputs: Properties, faults: readonly InputFault[]): CheckResponse {
  const failures = faults.map(({ property, reason }) =>
    new provider.CheckFailure().setProperty(property).setReason(reason),
  );
  return new provider.CheckResponse().setInputs(toStruct(inputs)).setFailuresList(failures);
}

export function diffResponse(changes: readonly InputChange[], deleteFirst: boolean): DiffResponse {
  const { DiffChanges } = provider.DiffResponse;
  const replaces = changes.filter((change) => change.replaces).map(({ path }) => path);
  const response = new provider.DiffResponse()
    .setChanges(changes.length === 0 ? DiffChanges.DIFF_NONE : DiffChanges.DIFF_SOME)
    .setDiffsList([...new Set(changes.map(({ path }) => topLevel(path)))])
    .setReplacesList([...new Set(replaces.map(topLevel))])
    .setDeletebeforereplace(replaces.length > 0 && deleteFirst)
    .setHasdetaileddiff(true);
  for (const change of changes) {
    const { Kind } = provider.PropertyDiff;
    const kinds = {
      add: change.replaces ? Kind.ADD_REPLACE : Kind.ADD,
      delete: change.replaces ? Kind.DELETE_REPLACE : Kind.DELETE,
      update: change.replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE,
    };
    response
      .getDetaileddiffMap()
      .set(change.path, new provider.PropertyDiff().setKind(kinds[change.kind]).setInputdiff(true));
  }
  return response;
}

function topLevel(path: string): string {
  return path.split(/[.[]/, 1)[0] ?? path;
}
