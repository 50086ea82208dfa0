// A stack's state as the last update left it: outputs, what is protected, what was under way when a run was killed.
import { readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import { runtimeServing } from '../contract/replacement.ts';
import type { RuntimeName } from '../contract/service.ts';

export interface StackState {
  /** Of the last successful update; empty before it. Values that are secret are left out. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly resources: readonly { readonly urn: string; readonly type: string; readonly protected: boolean }[];
  /** On which the outputs' service runs; absent where none of the resources answers requests, or nobody can tell which of several. */
  readonly runtime?: RuntimeName | undefined;
  readonly pending: readonly PendingOperation[];
}

/** An operation that a killed run had started: nobody knows how it ended. */
export interface PendingOperation {
  readonly urn: string;
  readonly type: string;
  readonly operation: string;
}

/** The folder of a `file://` backend that holds a stack's locks. */
export function lockFolderOf(stateFile: string, project: string, stack: string): string {
  return join(stateFile, '..', '..', '..', 'locks', 'organization', project, stack);
}

/** The file a `file://` backend keeps a stack in; `undefined` for every other backend. */
export function stateFileOf(backendUrl: string | undefined, project: string, stack: string): string | undefined {
  if (backendUrl === undefined || !backendUrl.startsWith('file://')) return undefined;
  const [location = ''] = backendUrl.split('?');
  // `file://~` and `file://./state` are Pulumi's own extensions; only an absolute path means the same to everybody.
  if (!location.startsWith('file:///')) return undefined;
  return join(fileURLToPath(location), '.pulumi', 'stacks', project, `${stack}.json`);
}

/**
 * Beside each file a `file://` backend keeps its attributes, which nobody needs; a CLI that is killed can leave them empty, and the next one
 * then stops at "EOF" (https://github.com/google/go-cloud/blob/master/blob/fileblob/attrs.go). Such ones are removed.
 * @returns whether there were any.
 */
export async function removeEmptyAttributes(stateFile: string): Promise<boolean> {
  const paths = [stateFile, `${stateFile}.bak`].map((path) => `${path}.attrs`);
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => undefined,
      ),
    ),
  );
  const empty = paths.filter((_path, index) => sizes[index] === 0);
  await Promise.all(empty.map((path) => rm(path, { force: true })));
  return empty.length > 0;
}

/** The `deployment` of a state file, for whoever needs more of it. */
export async function readDeployment(stateFile: string): Promise<unknown> {
  return checkpointDocument.parse(JSON.parse(await readFile(stateFile, 'utf8'))).checkpoint.latest;
}

const checkpointDocument = z.object({ checkpoint: z.object({ latest: z.unknown() }) });

/** Reading the file costs a millisecond, asking the CLI a third of a second. The CLI replaces the file as a whole. */
export async function readStateFile(path: string): Promise<StackState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return parseState(checkpoint.parse(JSON.parse(text)).checkpoint.latest);
  } catch (cause) {
    throw new DeliveryError(
      'document-invalid',
      `${path}: expected the state of a stack; found a file that is damaged`,
      {
        cause,
        hint: `the state before the last update is beside it, as ${basename(path)}.bak`,
      },
    );
  }
}

/** @param exported what `pulumi stack export` prints. */
export function parseExport(exported: string): StackState {
  return parseState(exportedStack.parse(JSON.parse(exported)).deployment);
}

const deployment = z.object({
  resources: z
    .array(
      z.object({
        urn: z.string(),
        type: z.string(),
        id: z.string().optional(),
        /** Replaced already, and not deleted yet. */
        delete: z.boolean().optional(),
        protect: z.boolean().optional(),
        outputs: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .nullish(),
  pending_operations: z
    .array(z.object({ resource: z.object({ urn: z.string(), type: z.string() }), type: z.string() }))
    .nullish(),
});
const checkpoint = z.object({ checkpoint: z.object({ latest: deployment.nullish() }) });
const exportedStack = z.object({ deployment: deployment.nullish() });

function parseState(found: z.infer<typeof deployment> | null | undefined): StackState {
  const resources = found?.resources ?? [];
  const stack = resources.find((resource) => resource.type === 'pulumi:pulumi:Stack');
  const outputs = Object.fromEntries(Object.entries(stack?.outputs ?? {}).filter(([, value]) => !isSecret(value)));
  return {
    outputs,
    runtime: runtimeOf(resources, outputs.coordinates),
    resources: resources.map(({ urn, type, protect }) => ({ urn, type, protected: protect === true })),
    pending: (found?.pending_operations ?? []).map(({ resource, type }) => ({
      urn: resource.urn,
      type: resource.type,
      operation: type,
    })),
  };
}

type Resource = NonNullable<NonNullable<z.infer<typeof deployment>['resources']>>[number];

/** A change of runtime that was cut short leaves both services: the outputs name the one that they are of. */
function runtimeOf(resources: readonly Resource[], coordinates: unknown): RuntimeName | undefined {
  const serving = resources.flatMap((resource) => {
    const runtime = resource.delete === true ? undefined : runtimeServing(resource.type);
    return runtime === undefined ? [] : [{ runtime, id: resource.id }];
  });
  const runtimes = new Set(serving.map(({ runtime }) => runtime));
  if (runtimes.size <= 1) return serving[0]?.runtime;
  const named: readonly unknown[] = Object.values(coordinates ?? {});
  return serving.find(({ id }) => id !== undefined && named.includes(id))?.runtime;
}

function isSecret(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '4dabf18193072939515e22adb298388d' in value;
}
