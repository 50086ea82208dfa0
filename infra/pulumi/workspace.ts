// The folder the engine works in: the project's files without the engine's own writing in the checkout, which stays clean.
import { mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';

export interface Workspace {
  readonly directory: string;
  /** The project's name, from `Pulumi.yaml`. */
  readonly project: string;
  /** Where its stack files are, relative to the folder. */
  readonly stackFolder: string;
}

/** What makes plain `pulumi`, typed in any folder of that shell, work here: every flag of the CLI can be given as `PULUMI_OPTION_…`. */
export function plainPulumiEnvironment({ directory }: Pick<Workspace, 'directory'>): Record<string, string> {
  return {
    PULUMI_OPTION_CWD: directory,
    // A stack file that was copied anew has lost its salt; the state has it.
    PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: 'true',
  };
}

export interface WorkspaceOptions {
  /** Where `Pulumi.yaml` is. */
  readonly checkout: string;
  /** Made when missing; one per state, because what the engine writes into stack files belongs to that state's secrets. */
  readonly directory: string;
  /**
   * `stack-files`: secrets are encrypted as the checkout's stack files say (`secretsprovider`, `encryptionsalt`). `own`: what they say is left
   * out and the state's own passphrase is used, as emulated clouds need it.
   */
  readonly secrets: 'stack-files' | 'own';
}

/** Brings the folder up to date with the checkout; what the engine noted in a stack file stays unless that file was edited. */
export async function prepareWorkspace({ checkout, directory, secrets }: WorkspaceOptions): Promise<Workspace> {
  const { name, stackConfigDir = '.' } = await readProject(checkout);
  const stacks = join(checkout, stackConfigDir);
  const copies = join(directory, stackConfigDir);
  await mkdir(copies, { recursive: true });
  await copyProjectFile(join(checkout, 'Pulumi.yaml'), join(directory, 'Pulumi.yaml'));
  await Promise.all(linked.map((entry) => link(join(checkout, entry), join(directory, entry))));

  const present = await stackFiles(stacks);
  const copied = await Promise.allSettled(
    present.map((file) => copyStackFile(join(stacks, file), join(copies, file), secrets)),
  );
  refuseTogether(copied);
  const gone = (await stackFiles(copies)).filter((file) => !present.includes(file));
  await Promise.all(gone.map((file) => rm(join(copies, file))));
  return { directory, project: name, stackFolder: stackConfigDir };
}

/** What the program is made of: read through links, so that it is always the checkout's. */
const linked = ['infra', 'node_modules', 'package.json'];

/** What the engine writes into a stack file by itself. */
const engineKeys = ['secretsprovider', 'encryptedkey', 'encryptionsalt'];

const projectFile = z.object({ name: z.string().min(1), stackConfigDir: z.string().optional() });

async function readProject(checkout: string): Promise<z.infer<typeof projectFile>> {
  const path = join(checkout, 'Pulumi.yaml');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new DeliveryError('config-invalid', `expected the Pulumi project at ${path}; found no file there`, { cause });
  }
  const parsed = projectFile.safeParse(parseYaml(path, text));
  if (!parsed.success) {
    throw new DeliveryError('config-invalid', `${path}: expected a \`name\`: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

async function stackFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  return entries.filter((entry) => /^Pulumi\..+\.yaml$/.test(entry));
}

async function copyProjectFile(source: string, copy: string): Promise<void> {
  const text = await readFile(source, 'utf8');
  const there = await readFile(copy, 'utf8').catch(() => undefined);
  if (there !== text) await replaceFile(copy, text);
}

/** Every malformed file in one message. */
function refuseTogether(results: readonly PromiseSettledResult<void>[]): void {
  const reasons: unknown[] = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const [first] = reasons;
  if (first === undefined) return;
  if (reasons.length === 1 || !reasons.every((reason) => reason instanceof DeliveryError)) throw first;
  throw new DeliveryError('config-invalid', reasons.map((reason) => reason.message).join('; '));
}

async function copyStackFile(source: string, copy: string, secrets: WorkspaceOptions['secrets']): Promise<void> {
  const text = await readFile(source, 'utf8');
  const wanted = parseYaml(source, text);
  const noted = await readFile(copy, 'utf8').then(parse, () => undefined);
  if (isDeepStrictEqual(without(engineKeys, noted), without(engineKeys, wanted))) return;
  await replaceFile(copy, secrets === 'own' ? stringify(without(engineKeys, wanted)) : text);
}

function without(keys: readonly string[], document: unknown): unknown {
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(Object.entries(document).filter(([key]) => !keys.includes(key)));
}

function parseYaml(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new DeliveryError('config-invalid', `${path}: expected YAML: ${reason}`, { cause });
  }
}

/** Relative, so that a checkout can be moved. */
async function link(target: string, path: string): Promise<void> {
  const wanted = relative(join(path, '..'), target);
  if ((await readlink(path).catch(() => undefined)) === wanted) return;
  // Another process may prepare the same folder at the same time.
  const next = `${path}.${process.pid}.${Date.now()}`;
  await symlink(wanted, next);
  await rename(next, path);
}

/** Never half a file for an engine that reads at the same time. */
async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.${process.pid}.${Date.now()}`;
  await writeFile(next, text);
  await rename(next, path);
}
