// Keeps a workspace like its checkout while the emulated clouds are up, so that plain `pulumi` sees a stack file as it was just saved.
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { prepareWorkspace, type Workspace, type WorkspaceOptions } from './workspace.ts';

export interface WatchedWorkspace extends Workspace {
  close(): void;
}

/** @param report hears what is wrong with a file that was saved; the copy then stays as it was. */
export async function watchWorkspace(
  options: WorkspaceOptions,
  report: (fault: unknown) => void,
): Promise<WatchedWorkspace> {
  const workspace = await prepareWorkspace(options);
  let timer: NodeJS.Timeout | undefined;
  const bringUpToDate = () => {
    // Editors save in several steps.
    clearTimeout(timer);
    timer = setTimeout(() => prepareWorkspace(options).catch(report), settleMilliseconds);
  };
  const folders = [options.checkout, join(options.checkout, workspace.stackFolder)];
  const watchers: FSWatcher[] = folders.map((folder) =>
    watch(folder, { persistent: false }, (_, name) => {
      if (name === null || /^Pulumi\./.test(name)) bringUpToDate();
    }),
  );
  return {
    ...workspace,
    close() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}

const settleMilliseconds = 50;
