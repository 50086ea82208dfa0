// Starts and stops real instances of one revision as its runtime's rule wants: measures, asks `decide`, acts.
import type { AutoscalingRule } from '../../contract/runtime.ts';
import { cpuSeconds } from './cpu-time.ts';
import type { Backend } from './front-door.ts';
import { type Bounds, type Capacity, decide, type Leaning } from './scaling.ts';

/** What a control plane says about one revision. */
export interface Scaling extends Bounds {
  readonly rule: AutoscalingRule;
  readonly capacity: Capacity;
  /** Processors that one instance has, of which CPU percentages are. */
  readonly cpus: number;
}

/** The revision as the autoscaler sees it. */
export interface Scalable {
  backends(): readonly Backend[];
  pids(): readonly number[];
  /** Instances that are starting. */
  readonly starting: number;
  /** One more; resolves with whether it became ready. */
  grow(): Promise<boolean>;
  /** So many fewer, those without requests first; what they are answering is answered. */
  shrink(count: number): void;
  /** Aborted when another revision has taken its place. */
  readonly over: AbortSignal;
}

export interface Pace {
  /** How many times faster the platform's waiting passes. */
  readonly timeScale: number;
  /** A start takes real time: nothing is taken away, and no CPU judged, sooner than this many seconds, however short the scaled time. */
  readonly leastSeconds: number;
}

/** Samples per window. */
const resolution = 12;
const leastTickSeconds = 0.05;
/** A start that failed answers who waited for it; whoever comes later tries again. */
const failureMilliseconds = 2000;
/** A minute is what the vendors' own metrics are averages of. */
const defaultWindowSeconds = 60;

interface Sample {
  readonly atMs: number;
  readonly requests: number;
  readonly cpu: ReadonlyMap<number, number>;
}

export class Autoscaler {
  readonly #revision: Scalable;
  readonly #scaling: Scaling;
  readonly #rule: AutoscalingRule;
  readonly #windowMs: number;
  readonly #followsCpu: boolean;
  readonly #say: (line: string) => void;
  #samples: Sample[] = [];
  #leaning: Leaning = {};
  #waiting = 0;
  #stopped = false;
  readonly #timer: NodeJS.Timeout;
  #failedMs = Number.NEGATIVE_INFINITY;

  constructor(revision: Scalable, scaling: Scaling, pace: Pace, say: (line: string) => void) {
    this.#revision = revision;
    this.#scaling = scaling;
    this.#followsCpu = scaling.capacity.cpuPercent !== undefined;
    this.#say = say;
    const { rule } = scaling;
    this.#rule = {
      ...rule,
      outSeconds: rule.outSeconds / pace.timeScale,
      inSeconds: Math.max(rule.inSeconds / pace.timeScale, Math.min(pace.leastSeconds, rule.inSeconds)),
    };
    const windowSeconds = rule.windowSeconds ?? defaultWindowSeconds;
    const leastWindow = this.#followsCpu ? Math.min(pace.leastSeconds, windowSeconds) : 0;
    this.#windowMs = Math.max(windowSeconds / pace.timeScale, leastWindow) * 1000;
    const tickMs = Math.max(this.#windowMs / resolution, leastTickSeconds * 1000);
    this.#timer = setInterval(() => void this.#tick(), tickMs).unref();
    revision.over.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** From now on there are as many as there are. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** No instance is ready and one will be: a request is held instead of refused. */
  get coming(): boolean {
    return this.#scaling.min === 0 && !this.#failing && !this.#revision.over.aborted;
  }

  /** A request found no room. To be called once for each, and the answer once it has room or gives up. */
  wait(): () => void {
    this.#waiting++;
    if (this.#rule.onDemand === true) this.#act();
    return () => {
      this.#waiting--;
    };
  }

  async #tick(): Promise<void> {
    const cpu = this.#followsCpu ? await cpuSeconds(this.#revision.pids()) : new Map<number, number>();
    if (this.#stopped) return;
    const atMs = performance.now();
    this.#samples.push({ atMs, requests: this.#requests(), cpu });
    this.#samples = this.#samples.filter((one) => atMs - one.atMs <= this.#windowMs);
    this.#act();
  }

  #act(): void {
    if (this.#stopped) return;
    const current = this.#revision.backends().length + this.#revision.starting;
    const now = this.#requests();
    const measured = {
      requests: mean(this.#samples.map(({ requests }) => requests)),
      ...(this.#followsCpu ? { cpuPercent: busy(this.#samples, this.#scaling.cpus, this.#windowMs) } : {}),
      requestsNow: now,
      waitingNow: this.#waiting,
    };
    const { capacity } = this.#scaling;
    const { wanted, leaning } = decide(
      this.#rule,
      capacity,
      this.#scaling,
      current,
      measured,
      this.#leaning,
      performance.now(),
    );
    this.#leaning = leaning;
    if (wanted === current || (wanted > current && this.#failing)) return;
    // Only what serves can be taken away.
    if (wanted < current && this.#revision.backends().length === 0) return;
    this.#say(`Scaling from ${current} to ${wanted} instances: ${worded(measured)}`);
    if (wanted < current) this.#revision.shrink(current - wanted);
    for (let count = current; count < wanted; count++) void this.#grow();
  }

  get #failing(): boolean {
    return performance.now() - this.#failedMs < failureMilliseconds;
  }

  async #grow(): Promise<void> {
    if (!(await this.#revision.grow())) this.#failedMs = performance.now();
  }

  #requests(): number {
    return this.#revision.backends().reduce((sum, { inFlight }) => sum + inFlight, this.#waiting);
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, one) => sum + one, 0) / values.length;
}

/** Percent of one instance's processors, all processes together: each by what it used between its first and its last sample. */
function busy(samples: readonly Sample[], cpus: number, windowMs: number): number {
  const last = samples.at(-1);
  if (last === undefined) return 0;
  let percent = 0;
  for (const [pid, used] of last.cpu) {
    const first = samples.find(({ cpu }) => cpu.has(pid));
    if (first === undefined || last.atMs - first.atMs < windowMs / 2) continue;
    percent += ((used - (first.cpu.get(pid) ?? used)) / ((last.atMs - first.atMs) / 1000) / cpus) * 100;
  }
  return percent;
}

function worded({
  requests,
  cpuPercent,
  waitingNow,
}: {
  requests: number;
  cpuPercent?: number;
  waitingNow: number;
}): string {
  const cpu = cpuPercent === undefined ? '' : `, ${cpuPercent.toFixed(0)} % CPU`;
  return `${requests.toFixed(1)} requests under way${cpu}, ${waitingNow} waiting`;
}
