// One schedule, from its seed to what it broke.
import { releaseIdOf } from '../contract/release.ts';
import { parsePolicy } from '../delivery/policy.ts';
import { approve, carryOut, play, prepare, releaseToDev } from './actors.ts';
import type { Weather } from './process.ts';
import { recover } from './recovery.ts';
import { Rules, type Violation } from './rules.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import { Scheduler } from './scheduler.ts';
import { unsettled } from './settled.ts';
import { people, releaseNumber, releasesOf, type Stage } from './stage.ts';
import { type Snapshot, World } from './world.ts';

export interface RunOptions {
  readonly trace?: ((line: string) => void) | undefined;
  /** Stories, by their place in the schedule, that are not told. */
  readonly without?: ReadonlySet<number>;
  /** Calls that go well whatever the seed says. */
  readonly spared?: ReadonlySet<string>;
}

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The faults that struck. */
  readonly struck: readonly string[];
  readonly events: number;
  readonly facts: number;
}

const startMs = Date.parse('2026-11-21T10:00:00Z');
const share = ', share: { percent: 10, minutes: 5 }';
const policies = [`revert-target${share}`, `revert-all${share}`, 'hold'].map((onTargetFailure) =>
  parsePolicy(`
schema: trireme.policy/1
approvals: { via: [local, github], approvers: [], authorMayApprove: false, requesterMayApprove: false, expiresHours: 24 }
promotions: { onTargetFailure: ${onTargetFailure} }
`),
);

export async function runSchedule(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const schedule = scheduleOf(seed);
  const { base, violations } = await baseOf(schedule.base);
  if (violations.length > 0) return { seed, violations, struck: [], events: 0, facts: 0 };
  const stage = stageFor(base, schedule, options);
  const { world, scheduler, weather, rules } = stage;
  for (const [index, qualities] of schedule.qualities.entries()) {
    world.qualities.set(releaseIdOf(releaseNumber(stage, index + 2)), qualities);
  }
  const told = schedule.stories.filter((_story, index) => options.without?.has(index) !== true);
  const told$ = told.map(async ({ startMs: delayMs, story }) => {
    await scheduler.wait(delayMs);
    await play(stage, `s${schedule.stories.findIndex((one) => one.story === story)}`, story);
  });
  await scheduler.run();
  await Promise.all(told$);
  rules.atRest();
  weather.trace('faults stop');
  weather.faultsLeft = 0;
  const settled = recover(stage, schedule.goesOn);
  await scheduler.run();
  for (const wrong of await settled) rules.broken('converges', wrong);
  rules.atRest();
  return {
    seed,
    violations: rules.violations,
    struck: weather.struck,
    events: scheduler.events,
    facts: world.facts.length - base.facts.length,
  };
}

function stageFor(
  base: Snapshot,
  { seed, faultRate, mostFaults, policy, outage }: Omit<Schedule, 'base' | 'qualities' | 'stories' | 'goesOn'>,
  { trace, spared = new Set() }: RunOptions,
): Stage {
  const world = new World(base);
  const scheduler = new Scheduler(base.facts.length === 0 ? startMs - 7 * 86_400_000 : startMs);
  const say = trace ?? (() => {});
  const weather: Weather = {
    seed,
    faultRate,
    faultsLeft: mostFaults,
    outage: outage && { of: outage.of, fromMs: startMs + outage.fromMs, untilMs: startMs + outage.untilMs },
    spared,
    struck: [],
    trace: trace === undefined ? say : (line) => say(`${((scheduler.nowMs - startMs) / 1000).toFixed(3)} ${line}`),
  };
  const rules = new Rules(world, { authors: ['dana'] });
  world.witness = rules;
  const chosen = policies[policy] ?? policies[0];
  if (chosen === undefined) throw new Error('no policy');
  return { world, scheduler, weather, policy: chosen, rules };
}

interface Base {
  readonly base: Snapshot;
  /** Code that breaks a rule in good weather already needs no schedule. */
  readonly violations: readonly Violation[];
}

const bases = new Map<Schedule['base'], Promise<Base>>();

/** Made once by the same code in good weather, then copied. */
function baseOf(name: Schedule['base']): Promise<Base> {
  const kept = bases.get(name) ?? makeBase(name);
  bases.set(name, kept);
  return kept;
}

async function makeBase(name: Schedule['base']): Promise<Base> {
  const stage = stageFor(
    new World().snapshot(),
    { seed: 0, faultRate: 0, mostFaults: 0, policy: 0, outage: undefined },
    {},
  );
  const made = (async () => {
    const first = await releaseToDev(stage, 'base-1');
    if (first !== undefined && name === 'grown') {
      const promotion = (await prepare(stage, 'base', first)) ?? '';
      await approve(stage, 'base', promotion, people.approver);
      await carryOut(stage, 'base-carry', promotion);
    }
    await releaseToDev(stage, 'base-2');
    await releaseToDev(stage, 'base-3');
  })();
  await stage.scheduler.run();
  await made;
  stage.rules.atRest();
  const missing = [
    ...unsettled(stage.world, stage.rules),
    ...(releasesOf(stage).length === 3 ? [] : ['no three releases']),
  ];
  for (const what of missing) stage.rules.broken('converges', `in good weather: ${what}`);
  return { base: stage.world.snapshot(), violations: stage.rules.violations };
}
