// Another checkout of this project gets the installed packages of this one.
import { existsSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import path from 'node:path';

/** A package of which another version lies at the top lies in the workspace that needs it. A workspace that the other does not have needs none. */
export async function linkPackages(project: string, other: string): Promise<void> {
  for (const workspace of ['.', 'app', 'infra']) {
    const installed = path.join(project, workspace, 'node_modules');
    if (!existsSync(installed) || !existsSync(path.join(other, workspace))) continue;
    await symlink(installed, path.join(other, workspace, 'node_modules'), 'dir');
  }
}
