// What every emulated runtime stands on: the images, the clock's scale, the fault switches, and everything that runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Cloud } from '../../contract/stack.ts';
import type { RefusalFault } from '../providers/refusing.ts';
import type { StartFailure, UnpackedImage } from './container.ts';
import type { HostedService } from './hosted-service.ts';
import type { Instance } from './instance.ts';
import type { ProcessRecord } from './process-record.ts';
import type { Revision } from './revision.ts';
import type { Secrets } from './secrets.ts';

/** Pulls by reference from that cloud's own registry. @throws Error in the words of what went wrong. */
export interface Images {
  pull(cloud: Cloud, imageRef: string): Promise<UnpackedImage>;
}

/** Ways to misbehave that no vendor has: controls which show that the rehearsal notices. */
export interface Faults {
  /** `off`: a replaced instance is killed before traffic has moved away from it. */
  drain: 'on' | 'off';
  /** After a deployment these clouds go on running the previous image's bytes and report the new one. */
  staleImage: readonly Cloud[];
  /** To these clouds the account is a new one: what they no longer sell to new customers they refuse. Left out: to none. */
  newAccount?: readonly Cloud[];
  /** What the providers refuse, in the vendors' words. Left out: nothing. */
  refusals?: readonly RefusalFault[];
}

export const noFaults: Faults = { drain: 'on', staleImage: [] };

/** On a machine with more to do than processors a process may wait seconds for its first turn, and the next one may not. */
const leastSilentSeconds = 10;
const startMargin = 7;
/** A service loads a model and warms up; this many times what a process needs that does nothing. */
const emptyStartMargin = 12;
/** How much of an earlier, slower start is still believed at the next one: a machine that was busy for a while may be idle again. */
const startMemory = 0.9;

export class RuntimeHost {
  readonly images: Images;
  readonly processes: ProcessRecord;
  readonly timeScale: number;
  readonly faults: Faults;
  readonly services = new Set<HostedService>();
  /** Of the emulated AWS account; Google's and Azure's control planes hold their own. */
  readonly secrets: Secrets = new Map();
  /** Aborted when the emulator stops. */
  readonly stopping = new AbortController();
  readonly leastScalingSeconds: number;
  readonly #leastStartSeconds: number;
  #longestStartSeconds = 0;
  #instances = new Set<Instance>();
  #starting = new Set<Revision>();
  #ending = new Set<Promise<unknown>>();

  constructor(options: {
    readonly images: Images;
    readonly processes: ProcessRecord;
    readonly timeScale: number;
    /** No start limit is shortened below this, once the process answers. Default: 10. */
    readonly leastStartSeconds?: number;
    /** No instance is taken away for want of requests sooner than this, however short the scaled time. Default: 30. */
    readonly leastScalingSeconds?: number;
    readonly faults?: Faults;
  }) {
    this.images = options.images;
    this.processes = options.processes;
    this.timeScale = options.timeScale;
    this.leastScalingSeconds = options.leastScalingSeconds ?? 30;
    this.#leastStartSeconds = options.leastStartSeconds ?? 10;
    this.faults = { ...(options.faults ?? noFaults) };
  }

  /**
   * The least a start limit is shortened to. Real limits are a hundred times what a container needs; shortened ones must still be
   * several times what one needed on this machine, as busy as it is now, or good images would be failed.
   */
  get shortestStart(): { readonly startSeconds: number; readonly silentSeconds: number } {
    const startSeconds = Math.max(this.#leastStartSeconds, startMargin * this.#longestStartSeconds);
    return { startSeconds, silentSeconds: Math.max(leastSilentSeconds, startSeconds) };
  }

  /**
   * Asked once a shortened limit has passed: what the limit should have been on this machine, as busy as it is at this moment,
   * in seconds. Measured, because only a process started now tells how long starting takes now.
   */
  async believableStartSeconds(): Promise<number> {
    const began = performance.now();
    await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
    return Math.max(this.shortestStart.startSeconds, (emptyStartMargin * (performance.now() - began)) / 1000);
  }

  /** An instance passed its start probe after this long. */
  startTook(seconds: number): void {
    this.#longestStartSeconds = Math.max(seconds, this.#longestStartSeconds * startMemory);
  }

  started(instance: Instance): void {
    this.#instances.add(instance);
    void instance.ended.then(() => this.#instances.delete(instance));
  }

  async starting(
    revision: Revision,
    start: () => Promise<StartFailure | undefined>,
  ): Promise<StartFailure | undefined> {
    this.#starting.add(revision);
    try {
      return await start();
    } finally {
      this.#starting.delete(revision);
    }
  }

  async ending(work: Promise<unknown>): Promise<void> {
    this.#ending.add(work);
    await work.finally(() => this.#ending.delete(work));
  }

  /** Every process id that runs an instance, live, starting or draining. */
  pids(): readonly number[] {
    return [...this.#instances].flatMap((instance) => (instance.pid === undefined ? [] : [instance.pid]));
  }

  /** Ends every instance within `drainSeconds`, whatever it is doing. */
  async stop(drainSeconds: number): Promise<void> {
    this.stopping.abort();
    const closing = [...this.services].map((service) => service.close(drainSeconds));
    await Promise.race([
      Promise.all([...closing, ...this.#ending, ...[...this.#starting].map((revision) => revision.kill())]),
      new Promise((resolve) => setTimeout(resolve, (drainSeconds + 1) * 1000).unref()),
    ]);
    await Promise.all([...this.#instances].map((instance) => instance.kill()));
  }
}
