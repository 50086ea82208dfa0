// Where a schedule is played: the world, its time, and the processes that people and machines start in it.
import { DeliveryError } from '../contract/errors.ts';
import type { Actor } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Policy } from '../delivery/policy.ts';
import { deliveryFor } from './ports.ts';
import { Process, type Purpose, type Weather } from './process.ts';
import { Random } from './random.ts';
import type { Rules } from './rules.ts';
import type { Scheduler } from './scheduler.ts';
import type { World } from './world.ts';

export const people = {
  machine: { login: 'ci', via: 'github' },
  author: { login: 'dana', via: 'local' },
  requester: { login: 'paul', via: 'local' },
  colleague: { login: 'oscar', via: 'local' },
  approver: { login: 'rita', via: 'local' },
} as const satisfies Record<string, Actor>;

export interface Stage {
  readonly world: World;
  readonly scheduler: Scheduler;
  readonly weather: Weather;
  readonly policy: Policy;
  readonly rules: Rules;
}

/** How a process ended: with a value, with an error meant for people, or without a word. */
export interface Ended<T> {
  readonly value?: T;
  readonly error?: DeliveryError;
  readonly died?: true;
}

/** Starts a process and waits until it has ended or died. Anything thrown that is not meant for people is a bug of delivery. */
export async function perform<T>(
  stage: Stage,
  name: string,
  purpose: Purpose,
  actor: Actor,
  work: (delivery: Delivery, process: Process) => Promise<T>,
): Promise<Ended<T>> {
  const { world, scheduler, weather, policy, rules } = stage;
  const process = new Process(name, purpose, scheduler, weather);
  rules.begins(process);
  const delivery = deliveryFor(world, process, scheduler, actor, policy);
  const done = work(delivery, process).then(
    (value): Ended<T> => ({ value }),
    (error: unknown): Ended<T> => {
      if (error instanceof DeliveryError) return { error };
      rules.broken(
        'no-bug',
        `${name} threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      return {};
    },
  );
  const ended = await Promise.race([done, process.died.then((): Ended<T> => ({ died: true }))]);
  // What it left under way when it ended dies with it.
  process.crash();
  const how =
    ended.died === true ? 'died' : ended.error === undefined ? 'done' : `${ended.error.code}: ${ended.error.message}`;
  weather.trace(`${name}: ended, ${how}`);
  return ended;
}

/** Everything random that is no process's own. */
export function randomFor({ weather }: Stage, name: string): Random {
  return new Random(weather.seed, `story ${name}`);
}

/** The releases of the world, oldest first. */
export function releasesOf({ world }: Stage): readonly ReleaseManifest[] {
  return [...world.manifests.values()].sort((a, b) => a.sequence - b.sequence);
}

/** The release with that sequence number, or the newest one. */
export function releaseNumber(stage: Stage, sequence: number): ReleaseManifest {
  const all = releasesOf(stage);
  const found = all.find((manifest) => manifest.sequence === sequence) ?? all.at(-1);
  if (found === undefined) throw new Error('a world without releases');
  return found;
}

export function idOf(stage: Stage, sequence: number): string {
  return releaseIdOf(releaseNumber(stage, sequence));
}
