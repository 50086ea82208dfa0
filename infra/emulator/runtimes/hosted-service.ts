// One service on an emulated runtime: an address that stays, and the revisions behind it, replaced or given shares without losing a request.
import type { Cloud } from '../../contract/stack.ts';
import { Autoscaler, type Scaling } from './autoscaler.ts';
import type { Container, StartFailure } from './container.ts';
import { FrontDoor, type FrontDoorRules, type Share } from './front-door.ts';
import type { RuntimeHost } from './host.ts';
import { BoundedLog, LogBook, type Said } from './log.ts';
import type { Meter } from './meter.ts';
import { pause } from './probe.ts';
import { Revision } from './revision.ts';

/** With draining switched off: how long traffic still goes where nobody answers any more. */
const blindSeconds = 0.3;

/** A revision to be started, and the rules of the front end for the requests it gets. */
export interface NewRevision {
  readonly name: string;
  readonly container: Container;
  readonly rules: FrontDoorRules;
  /** Left out, or with bounds that are one number: the container's own number of instances, always. */
  readonly scaling?: Scaling;
}

interface Running {
  readonly rules: FrontDoorRules;
  /** The image whose bytes run, which under the fault `staleImage` is not the one that was asked for. */
  readonly imageRef: string;
  readonly scaler: Autoscaler | undefined;
}

export class HostedService {
  readonly cloud: Cloud;
  readonly name: string;
  /** The vendor's own name for it, by which its metrics are asked for: an ARN, a resource path. */
  resource = '';
  /** The groups of CloudWatch Logs it writes to, each with whose lines it holds. */
  logGroups: Readonly<Record<string, Said['from']>> = {};
  /** What the platform said about this service. */
  readonly log = new BoundedLog();
  /** What the platform and its containers said, for the vendor's log service. */
  readonly book = new LogBook();
  #host: RuntimeHost;
  #door: FrontDoor;
  #rules: FrontDoorRules;
  #running = new Map<Revision, Running>();
  #weights: readonly (readonly [Revision, number])[] = [];
  #diverted: readonly (readonly [HostedService, number])[] = [];
  /** Addresses to one revision alone, by the name each has for good. */
  #addresses = new Map<string, { readonly door: FrontDoor; revision: Revision | undefined }>();

  private constructor(host: RuntimeHost, cloud: Cloud, name: string, door: FrontDoor, rules: FrontDoorRules) {
    this.#host = host;
    this.cloud = cloud;
    this.name = name;
    this.#door = door;
    this.#rules = rules;
  }

  static async open(host: RuntimeHost, cloud: Cloud, name: string, rules: FrontDoorRules): Promise<HostedService> {
    const service = new HostedService(host, cloud, name, await FrontDoor.open(rules), rules);
    host.services.add(service);
    return service;
  }

  get url(): string {
    return this.#door.url;
  }

  get meter(): Meter {
    return this.#door.meter;
  }

  /** Who has the most of the requests. */
  get live(): Revision | undefined {
    const most = Math.max(...this.#weights.map(([, weight]) => weight));
    return this.#weights.find(([, weight]) => weight === most)?.[0];
  }

  /**
   * Starts a revision beside the live one. Once it is ready traffic moves to it, and the old instances, which get no new request,
   * are drained in the background. When it never becomes ready nothing of it is left and the live one was never touched.
   */
  async replace(next: NewRevision, signal: AbortSignal): Promise<StartFailure | undefined> {
    const started = await this.start(next, signal);
    if (!(started instanceof Revision)) return started;
    await this.split([[started, 100]]);
    return undefined;
  }

  /** Starts a revision that nobody asks until `split` or `address` says so. When it never becomes ready nothing of it is left. */
  async start(next: NewRevision, signal: AbortSignal): Promise<Revision | StartFailure> {
    const revision = new Revision(this.#host, {
      name: next.name,
      container: next.container,
      changed: () => this.#route(),
      say: (line) => this.say(line),
      heard: (line) => this.book.add('container', line),
    });
    const stale = this.#host.faults.staleImage.includes(this.cloud);
    const before = this.live === undefined ? undefined : this.#running.get(this.live)?.imageRef;
    const imageRef = (stale ? before : undefined) ?? next.container.imageRef;
    const failure = await this.#host.starting(revision, () => revision.start(this.cloud, imageRef, signal));
    if (failure !== undefined) return failure;
    const scaler = this.#scalerOf(revision, next.scaling);
    this.#running.set(revision, { rules: next.rules, imageRef, scaler });
    return revision;
  }

  /**
   * From the next request on each is drawn among these by their weights. Whoever is neither among them nor in `kept` gets no new request
   * and is drained in the background.
   */
  async split(
    weights: readonly (readonly [revision: Revision, weight: number])[],
    kept: readonly Revision[] = [],
  ): Promise<void> {
    const staying = new Set([...weights.map(([revision]) => revision), ...kept]);
    const leaving = [...this.#running.keys()].filter((revision) => !staying.has(revision));
    if (leaving.length > 0 && weights.length > 0 && this.#host.faults.drain === 'off') {
      await Promise.all(leaving.map((revision) => revision.kill()));
      await pause(blindSeconds * 1000);
    }
    this.#weights = weights;
    for (const revision of leaving) this.#forget(revision);
    this.#route();
    for (const revision of leaving) void this.#host.ending(revision.retire());
  }

  /** So many of a hundred requests are answered by another service, and counted there. */
  divert(to: readonly (readonly [service: HostedService, percent: number])[]): void {
    this.#diverted = to;
    this.#route();
  }

  /** A further address, to one revision alone; without one it answers 404. The same name is the same address for good. */
  async address(name: string, revision: Revision | undefined): Promise<string> {
    const known = this.#addresses.get(name);
    if (known === undefined) {
      const unavailable = { status: 404, body: 'Page not found' };
      const door = await FrontDoor.open({ ...this.#rules, unavailable });
      this.#addresses.set(name, { door, revision });
    } else known.revision = revision;
    this.#route();
    return this.#addresses.get(name)?.door.url ?? '';
  }

  /** From now on what runs is scaled so; `undefined`: it stays as many as it is. */
  scale(scaling: Scaling | undefined): void {
    for (const [revision, running] of this.#running) {
      running.scaler?.stop();
      this.#running.set(revision, { ...running, scaler: this.#scalerOf(revision, scaling) });
    }
    this.#route();
  }

  /** No instance is left; the address answers that it is unavailable. */
  async halt(): Promise<void> {
    const all = this.#letGo();
    this.#route();
    await Promise.all(all.map((revision) => this.#host.ending(revision.retire())));
  }

  /** The address is given up. */
  async close(drainSeconds = 5): Promise<void> {
    this.#host.services.delete(this);
    const all = this.#letGo();
    const doors = [this.#door, ...[...this.#addresses.values()].map(({ door }) => door)];
    const closing = doors.map((door) => door.close(drainSeconds));
    this.#route();
    const retiring = all.map((one) => one.retire(Math.min(drainSeconds, one.container.drainSeconds)));
    await Promise.all([...closing, ...retiring]);
  }

  say(line: string): void {
    this.book.add('platform', line);
    this.log.append(`${new Date().toISOString()} ${line}\n`);
  }

  #scalerOf(revision: Revision, scaling: Scaling | undefined): Autoscaler | undefined {
    if (scaling === undefined || scaling.min >= scaling.max) return undefined;
    const { timeScale, leastScalingSeconds: leastSeconds } = this.#host;
    return new Autoscaler(revision, scaling, { timeScale, leastSeconds }, (line) =>
      this.say(`${revision.name}: ${line}`),
    );
  }

  #letGo(): readonly Revision[] {
    const all = [...this.#running.keys()];
    this.#weights = [];
    for (const revision of all) this.#forget(revision);
    return all;
  }

  #forget(revision: Revision): void {
    this.#running.delete(revision);
    for (const address of this.#addresses.values()) {
      if (address.revision === revision) address.revision = undefined;
    }
  }

  /** A crashed instance of a revision that has requests, or its successor, changes where they go; one of another does not. */
  #route(): void {
    const diverted = this.#diverted.reduce((sum, [, percent]) => sum + percent, 0);
    const whole = this.#weights.reduce((sum, [, weight]) => sum + weight, 0);
    const own = this.#weights.map(([revision, weight]) =>
      this.#shareOf(revision, (weight / (whole || 1)) * (100 - diverted)),
    );
    // What is not diverted stays here, also where nothing answers.
    const nobody = { revision: '', weight: 100 - diverted, backends: () => [], rules: this.#rules };
    this.#door.split([
      ...(own.length > 0 ? own : [nobody]),
      ...this.#diverted.map(([service, percent]) => ({ ...service.#whole(), weight: percent })),
    ]);
    for (const { door, revision } of this.#addresses.values()) {
      door.split(revision === undefined ? [] : [{ ...this.#shareOf(revision, 100), meter: this.meter }]);
    }
  }

  #shareOf(revision: Revision, weight: number): Share {
    const { rules = this.#rules, scaler } = this.#running.get(revision) ?? {};
    const backends = () => revision.backends();
    return { revision: revision.name, weight, backends, rules, ...(scaler === undefined ? {} : { scaler }) };
  }

  /** As another service sees it: whatever is live here when a request comes. */
  #whole(): Share {
    const backends = () => this.live?.backends() ?? [];
    return { revision: this.name, weight: 100, backends, rules: this.#rules, meter: this.meter };
  }
}
