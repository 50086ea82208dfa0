// The running instances of one container: started, judged, kept alive, and drained when another revision takes their traffic.
import type { Cloud } from '../../contract/stack.ts';
import type { Container, StartFailure, UnpackedImage } from './container.ts';
import { type Backend, closeIdle, newBackend } from './front-door.ts';
import type { RuntimeHost } from './host.ts';
import { Instance } from './instance.ts';
import { pause, probeUntilReady, scaledProbe } from './probe.ts';

/** What a balancer gives requests under way before it asks the process to stop: one that was sent a moment ago must have been read. */
const deregistrationSeconds = 0.5;
const longestRestartDelaySeconds = 5;

export class Revision {
  readonly name: string;
  readonly container: Container;
  #host: RuntimeHost;
  #image: UnpackedImage | undefined;
  #serving = new Map<Instance, Backend>();
  #retired = new AbortController();
  #starting = 0;
  #changed: () => void;
  #say: (line: string) => void;
  #heard: (line: string) => void;

  constructor(
    host: RuntimeHost,
    options: {
      readonly name: string;
      readonly container: Container;
      /** Called when the set of ready instances has changed. */
      readonly changed: () => void;
      /** A line for the platform's log. */
      readonly say: (line: string) => void;
      /** A line that a container wrote. */
      readonly heard: (line: string) => void;
    },
  ) {
    this.#host = host;
    this.name = options.name;
    this.container = options.container;
    this.#changed = options.changed;
    this.#say = options.say;
    this.#heard = options.heard;
  }

  /** @returns `undefined` when every instance passed the start probe; otherwise nothing of it is left running. */
  async start(cloud: Cloud, imageRef: string, signal: AbortSignal): Promise<StartFailure | undefined> {
    try {
      this.#image = await this.#host.images.pull(cloud, imageRef);
    } catch (error) {
      return { kind: 'image', reason: error instanceof Error ? error.message : String(error) };
    }
    const attempts = Array.from({ length: this.container.instances }, () => this.#launch(signal));
    const failures = await Promise.all(attempts);
    const failure = failures.find((one) => one !== undefined);
    if (failure !== undefined) await this.kill();
    return failure;
  }

  backends(): readonly Backend[] {
    return [...this.#serving.values()];
  }

  instances(): readonly Instance[] {
    return [...this.#serving.keys()];
  }

  pids(): readonly number[] {
    return this.instances().flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  get starting(): number {
    return this.#starting;
  }

  /** Aborted once another has taken its place. */
  get over(): AbortSignal {
    return this.#retired.signal;
  }

  /** One instance more. @returns whether it became ready; one that does not is said, and no more: the others go on. */
  async grow(): Promise<boolean> {
    const failure = await this.#counted((ready) => this.#launch(this.#retired.signal, ready));
    if (failure !== undefined && failure.kind !== 'cancelled')
      this.#say(`an instance did not start: ${failure.reason}`);
    return failure === undefined;
  }

  /** So many instances fewer: they get no new request, and end once those they have are answered. */
  shrink(count: number): void {
    const idleFirst = [...this.#serving].sort(([, a], [, b]) => a.inFlight - b.inFlight).slice(0, count);
    for (const [instance] of idleFirst) this.#serving.delete(instance);
    this.#changed();
    const { drainSeconds } = this.container;
    const draining = idleFirst.map(([instance, backend]) => this.#drain(instance, backend, drainSeconds, drainSeconds));
    void this.#host.ending(Promise.all(draining));
  }

  /** To be called once no new request is routed here. */
  async retire(drainSeconds = this.container.drainSeconds): Promise<void> {
    this.#retired.abort();
    await Promise.all(
      [...this.#serving].map(async ([instance, backend]) => {
        await this.#drain(instance, backend, drainSeconds);
        this.#serving.delete(instance);
      }),
    );
  }

  async #drain(
    instance: Instance,
    backend: Backend,
    drainSeconds: number,
    patienceSeconds = deregistrationSeconds,
  ): Promise<void> {
    closeIdle(backend);
    const until = performance.now() + patienceSeconds * 1000;
    while (backend.inFlight > 0 && performance.now() < until) await pause(10);
    await instance.stop(drainSeconds);
  }

  async kill(): Promise<void> {
    this.#retired.abort();
    await Promise.all([...this.#serving.keys()].map((instance) => instance.kill()));
    this.#serving.clear();
  }

  /** Who is starting is counted until the moment it is ready: never twice, never not at all. */
  async #counted<T>(work: (ready: () => void) => Promise<T>): Promise<T> {
    let counts = true;
    const end = () => {
      if (counts) this.#starting--;
      counts = false;
    };
    this.#starting++;
    return work(end).finally(end);
  }

  async #launch(outer: AbortSignal, ready?: () => void): Promise<StartFailure | undefined> {
    const image = this.#image;
    if (image === undefined) return { kind: 'image', reason: 'the image was not pulled' };
    let instance: Instance;
    try {
      instance = await Instance.start(this.container, image, this.#host.processes, this.#heard);
    } catch (error) {
      return { kind: 'exited', reason: error instanceof Error ? error.message : String(error) };
    }
    this.#host.started(instance);
    const over = new AbortController();
    const signal = AbortSignal.any([outer, this.#retired.signal, over.signal]);
    const ended = instance.ended.then((how) => {
      over.abort();
      return how;
    });
    const started = performance.now();
    const secondsSince = () => (performance.now() - started) / 1000;
    const probe = scaledProbe(this.container.probe, this.#host.timeScale, this.#host.shortestStart);
    let found = await probeUntilReady(instance.port, probe, signal);
    if (found !== undefined && !signal.aborted && probe.limitSeconds < this.container.probe.limitSeconds) {
      const limitSeconds = (await this.#host.believableStartSeconds()) - secondsSince();
      if (limitSeconds > 0) {
        const longer = { ...probe, initialDelaySeconds: 0, limitSeconds, silentSeconds: limitSeconds };
        found = await probeUntilReady(instance.port, longer, signal);
      }
    }
    if (found === undefined && instance.running && !this.#retired.signal.aborted && !outer.aborted) {
      this.#host.startTook(secondsSince());
      const backend = newBackend(instance.port, () => instance.running);
      ready?.();
      this.#serving.set(instance, backend);
      void ended.then((how) => this.#replaceCrashed(instance, how));
      this.#changed();
      return undefined;
    }
    if (!instance.running) return { kind: 'exited', reason: withLog(await ended, instance) };
    await instance.kill();
    if (outer.aborted || this.#retired.signal.aborted)
      return { kind: 'cancelled', reason: 'something newer took its place' };
    return { kind: 'not-ready', reason: withLog(found ?? 'it ended', instance) };
  }

  async #replaceCrashed(instance: Instance, how: string): Promise<void> {
    // One that was taken away has ended as it should.
    const serving = this.#serving.delete(instance);
    if (!serving || this.#retired.signal.aborted) return;
    const replaced = this.#counted((ready) => this.#replace(ready));
    this.#changed();
    this.#say(`an instance ${withLog(how, instance)}; another is started`);
    await replaced;
  }

  async #replace(ready: () => void): Promise<void> {
    for (
      let delaySeconds = 0.1;
      !this.#retired.signal.aborted;
      delaySeconds = Math.min(delaySeconds * 2, longestRestartDelaySeconds)
    ) {
      if ((await this.#launch(this.#retired.signal, ready)) === undefined) return;
      await pause(delaySeconds * 1000, this.#retired.signal);
    }
  }
}

function withLog(how: string, instance: Instance): string {
  const said = instance.log.lastWords();
  return said === '' ? how : `${how}: ${said}`;
}
