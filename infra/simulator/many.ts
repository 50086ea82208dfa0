// Many schedules, spread over worker threads: seeds are handed out in small lots, so that no thread waits for another.
import { Worker } from 'node:worker_threads';
import type { RunResult } from './run.ts';

export interface Failure {
  readonly seed: number;
  readonly violations: RunResult['violations'];
}

export interface Lot {
  readonly from: number;
  readonly count: number;
}

/** What a thread says about one lot. */
export interface LotResult {
  readonly count: number;
  readonly events: number;
  readonly failures: readonly Failure[];
}

export interface Tally {
  readonly schedules: number;
  readonly events: number;
  readonly failures: readonly Failure[];
}

export interface ManyOptions extends Lot {
  readonly workers: number;
  /** Ends after so many failures. */
  readonly enough: number;
  /** Which failures count for that; all, when absent. */
  readonly counts?: (failure: Failure) => boolean;
  /** The thread's program: another one's copy of the code, for a mutant. */
  readonly program?: URL;
  readonly progress?: (done: number) => void;
}

const lotSize = 50;

export async function runMany(options: ManyOptions): Promise<Tally> {
  const end = options.from + options.count;
  let next = options.from;
  let schedules = 0;
  let events = 0;
  const failures: Failure[] = [];
  const counts = options.counts ?? (() => true);
  const program = options.program ?? new URL('./worker.ts', import.meta.url);

  const nextLot = (): Lot | undefined => {
    if (next >= end || failures.filter(counts).length >= options.enough) return undefined;
    const lot = { from: next, count: Math.min(lotSize, end - next) };
    next += lot.count;
    return lot;
  };
  const thread = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(program);
      const give = () => {
        const lot = nextLot();
        if (lot !== undefined) worker.postMessage(lot);
        else void worker.terminate().then(() => resolve(), reject);
      };
      worker.on('error', reject);
      worker.on('message', (result: LotResult) => {
        schedules += result.count;
        events += result.events;
        failures.push(...result.failures);
        options.progress?.(schedules);
        give();
      });
      give();
    });
  const threads = Math.max(1, Math.min(options.workers, Math.ceil(options.count / lotSize)));
  await Promise.all(Array.from({ length: threads }, thread));
  return { schedules, events, failures: failures.sort((a, b) => a.seed - b.seed) };
}
