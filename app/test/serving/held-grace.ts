// A service whose grace lasts until the test says, however slow the machine is: a grace of some seconds could only be bet on.
import path from 'node:path';
import { root } from '../wine.ts';
import { type RunningService, runService } from './process.ts';

/** No other wait of the service is as long as that. */
const graceMs = 1234;
/** Loaded before the service, in each of its processes. */
const held = `
  import { syncBuiltinESMExports } from 'node:module';
  import timers from 'node:timers/promises';
  const told = new Promise((resolve) => process.once('SIGUSR2', resolve));
  const sleep = timers.setTimeout;
  timers.setTimeout = (ms, ...rest) => (ms === ${graceMs} ? told : sleep(ms, ...rest));
  syncBuiltinESMExports();
`;

export function runWithHeldGrace(cwd: string, environment: Record<string, string> = {}): Promise<RunningService> {
  const preload = `data:text/javascript,${encodeURIComponent(held)}`;
  const words = ['--import', preload, path.join(root, 'app/serving/main.ts')];
  return runService(cwd, { ...environment, DRAIN_GRACE_SECONDS: String(graceMs / 1000) }, words);
}

/** Of processes that are draining. */
export function endGrace(pids: readonly (number | undefined)[]): void {
  for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGUSR2');
}
