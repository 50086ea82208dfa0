// Where this service's models are: those its build names and no others, or what lies in the folder where nothing was built.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ModelLabel } from '../../model/labels.ts';
import type { StatedModel } from '../identity.ts';
import type { Log } from '../log.ts';

export interface ModelLocation {
  readonly directory: string;
  /** What it must be called inside. */
  readonly name?: string;
  /** Absent where nobody stated it: the folder's own files are then checked against its sums alone. */
  readonly digest?: string;
  /** `champion` where nobody stated it. */
  readonly label?: ModelLabel;
}

/**
 * A folder that the build does not name is never opened, and said: whoever planted it gets no prediction out of this service.
 * @param stated what `build.json` names; absent outside an image, where every folder is a model but those that begin with a dot.
 */
export async function locateModels(
  modelsDir: string,
  stated: readonly StatedModel[] | undefined,
  log: Pick<Log, 'warn'>,
): Promise<ModelLocation[]> {
  const entries = await readdir(modelsDir, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  if (stated === undefined) return folders.sort().map((name) => ({ directory: path.join(modelsDir, name) }));
  const others = folders.filter((name) => stated.every(({ folder }) => folder !== name));
  if (others.length > 0) log.warn('folders that the release does not name are not served', { folders: others });
  return stated.map(({ folder, name, digest, label }) => ({
    directory: path.join(modelsDir, folder),
    name,
    digest,
    label,
  }));
}
