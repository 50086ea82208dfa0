// `lineage.json`: when, where and after what a model was made. It differs from run to run, so the digest leaves it out.
import { execFile } from 'node:child_process';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

export const lineageSchema = 'trireme.lineage/1';

export interface Lineage {
  readonly schema: typeof lineageSchema;
  readonly created: string;
  /** What the problem file's folder was at; `null` outside a git repository. */
  readonly commit: string | null;
  /** Digest of the model of that name that was locked before. */
  readonly parent: string | null;
  readonly host: string;
}

export async function lineageIn(folder: string, parent: string | null): Promise<Lineage> {
  const commit = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: folder }).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
  return { schema: lineageSchema, created: new Date().toISOString(), commit, parent, host: hostname() };
}
