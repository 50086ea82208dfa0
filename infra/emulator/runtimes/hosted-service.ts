// One service on an emulated runtime: an address that stays, and the revision behind it, replaced without losing a request.
import type { Cloud } from '../../contract/stack.ts';
import type { Container, StartFailure } from './container.ts';
import { FrontDoor, type FrontDoorRules } from './front-door.ts';
import type { RuntimeHost } from './host.ts';
import { BoundedLog } from './log.ts';
import type { Meter } from './meter.ts';
import { pause } from './probe.ts';
import { Revision } from './revision.ts';

/** With draining switched off: how long traffic still goes where nobody answers any more. */
const blindSeconds = 0.3;

export class HostedService {
  readonly cloud: Cloud;
  readonly name: string;
  /** The vendor's own name for it, by which its metrics are asked for: an ARN, a resource path. */
  resource = '';
  /** What the platform said about this service. */
  readonly log = new BoundedLog();
  #host: RuntimeHost;
  #door: FrontDoor;
  #live: Revision | undefined;
  /** The image whose bytes run, which under the fault `staleImage` is not the one that was asked for. */
  #runningRef: string | undefined;

  private constructor(host: RuntimeHost, cloud: Cloud, name: string, door: FrontDoor) {
    this.#host = host;
    this.cloud = cloud;
    this.name = name;
    this.#door = door;
  }

  static async open(host: RuntimeHost, cloud: Cloud, name: string, rules: FrontDoorRules): Promise<HostedService> {
    const service = new HostedService(host, cloud, name, await FrontDoor.open(rules));
    host.services.add(service);
    return service;
  }

  get url(): string {
    return this.#door.url;
  }

  get meter(): Meter {
    return this.#door.meter;
  }

  get live(): Revision | undefined {
    return this.#live;
  }

  /**
   * Starts a revision beside the live one. Once it is ready traffic moves to it, and the old instances, which get no new request,
   * are drained in the background. When it never becomes ready nothing of it is left and the live one was never touched.
   */
  async replace(
    revision: { readonly name: string; readonly container: Container; readonly rules: FrontDoorRules },
    signal: AbortSignal,
  ): Promise<StartFailure | undefined> {
    const next = new Revision(this.#host, {
      name: revision.name,
      container: revision.container,
      changed: () => this.#route(),
      say: (line) => this.say(line),
    });
    const stale = this.#host.faults.staleImage.includes(this.cloud);
    const imageRef = (stale ? this.#runningRef : undefined) ?? revision.container.imageRef;
    const failure = await this.#host.starting(next, () => next.start(this.cloud, imageRef, signal));
    if (failure !== undefined) return failure;

    const old = this.#live;
    if (old !== undefined && this.#host.faults.drain === 'off') {
      await old.kill();
      await pause(blindSeconds * 1000);
    }
    this.#live = next;
    this.#runningRef = imageRef;
    this.#door.rules = revision.rules;
    this.#door.revision = revision.name;
    this.#route();
    if (old !== undefined) void this.#host.ending(old.retire());
    return undefined;
  }

  /** No instance is left; the address answers that it is unavailable. */
  async halt(): Promise<void> {
    const old = this.#live;
    this.#live = undefined;
    this.#route();
    if (old !== undefined) await this.#host.ending(old.retire());
  }

  /** The address is given up. */
  async close(drainSeconds = 5): Promise<void> {
    this.#host.services.delete(this);
    const live = this.#live;
    this.#live = undefined;
    const door = this.#door.close(drainSeconds);
    this.#route();
    await Promise.all([door, live?.retire(Math.min(drainSeconds, live.container.drainSeconds))]);
  }

  say(line: string): void {
    this.log.append(`${new Date().toISOString()} ${line}\n`);
  }

  /** A crashed instance of the live revision, or its successor, changes where requests go; one that is not live yet does not. */
  #route(): void {
    this.#door.route(this.#live?.backends() ?? []);
  }
}
