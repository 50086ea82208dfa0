// Which stories a seed tells, when each begins, and how bad the weather is. Pure.
import type { Story } from './actors.ts';
import { drawQualities, type Qualities } from './quality.ts';
import { Random } from './random.ts';

export interface Schedule {
  readonly seed: number;
  /** `grown`: prod runs release 1, dev has proven 2 and 3. `young`: nothing is in prod yet. */
  readonly base: 'grown' | 'young';
  /** Of releases 2 and 3; the first is good. */
  readonly qualities: readonly [Qualities, Qualities];
  readonly policy: number;
  readonly faultRate: number;
  readonly mostFaults: number;
  /** Milliseconds from the beginning, and whose calls fail then. */
  readonly outage: { readonly of: string; readonly fromMs: number; readonly untilMs: number } | undefined;
  readonly stories: readonly { readonly startMs: number; readonly story: Story }[];
  /** When all is over, one more release must get into prod. */
  readonly goesOn: boolean;
}

export const policyCount = 3;

export function scheduleOf(seed: number): Schedule {
  const random = new Random(seed, 'schedule');
  const base = random.chance(0.8) ? 'grown' : 'young';
  const calm = random.chance(0.25);
  const first: Story = promotion(random);
  const firstMs = random.between(0, 1_200_000);
  const crossingMs = firstMs + random.between(10_000, 900_000);
  const others = Array.from({ length: random.between(0, 4) }, () => other(random));
  return {
    seed,
    base,
    qualities: [drawQualities(random), drawQualities(random)],
    policy: random.between(0, policyCount),
    faultRate: calm ? 0 : random.pick([0.01, 0.03, 0.08]),
    mostFaults: random.between(1, 6),
    outage: calm || random.chance(0.7) ? undefined : drawOutage(random),
    stories: [
      { startMs: firstMs, story: first },
      ...crossing(random).map((story) => ({ startMs: crossingMs + random.between(0, 60_000), story })),
      ...others.map((story) => ({
        // Most find something to roll back only later.
        startMs: random.between(0, 1_200_000) + (story.kind === 'rollback' && random.chance(0.7) ? 900_000 : 0),
        story,
      })),
    ],
    goesOn: random.chance(0.2),
  };
}

function drawOutage(random: Random): NonNullable<Schedule['outage']> {
  const fromMs = random.between(0, 1_800_000);
  const of = random.pick(['ledger', 'deployer', 'prover', 'fetch', 'fetch']);
  return { of, fromMs, untilMs: fromMs + random.between(30_000, of === 'fetch' ? 1_800_000 : 600_000) };
}

/** Others do something while the first promotion is between its preparation and its end, or get in each other's way elsewhere. */
function crossing(random: Random): readonly Story[] {
  switch (random.between(0, 9)) {
    case 0:
      return [{ ...promotion(random), approver: 'approver', waitsMinutes: 0, hasty: true }];
    case 1:
      return [{ kind: 'rollback', to: random.chance(0.5) ? 1 : undefined }];
    case 2:
      return [{ kind: 'freeze', minutes: random.between(1, 20) }];
    case 3:
      return [{ kind: 'outside', stack: random.pick(['aws-prod', 'gcp-prod', 'azure-prod']), release: 2 }];
    case 4:
      return [{ kind: 'release' }, { kind: 'redeploy', release: random.between(2, 4) }];
    default:
      return [];
  }
}

function promotion(random: Random): Extract<Story, { kind: 'promote' }> {
  return {
    kind: 'promote',
    // The fourth is made while the schedule runs, or not at all.
    release: random.between(2, 5),
    approver: random.chance(0.85) ? 'approver' : random.pick(['author', 'requester', 'nobody']),
    carrying: random.pick(['legs', 'legs', 'whole', 'twice']),
    waitsMinutes: random.chance(0.05) ? 30 * 60 : random.chance(0.2) ? random.between(5, 40) : 0,
    againMinutes: random.chance(0.25) ? random.between(2, 90) : undefined,
  };
}

function other(random: Random): Story {
  switch (random.between(0, 12)) {
    case 0:
    case 1:
    case 2:
      return promotion(random);
    case 3:
    case 4:
    case 5:
      return { kind: 'rollback', to: random.chance(0.5) ? random.between(1, 3) : undefined };
    case 6:
      return { kind: 'release' };
    case 7:
      return { kind: 'redeploy', release: random.between(1, 4) };
    case 8:
      return { kind: 'freeze', minutes: random.between(1, 40) };
    case 9:
      return { kind: 'hold', release: random.between(2, 4), minutes: random.between(1, 40) };
    case 10:
      return {
        kind: 'outside',
        stack: random.pick(['aws-prod', 'gcp-prod', 'azure-prod', 'gcp-dev']),
        release: random.between(1, 4),
      };
    default:
      return { kind: 'verify', environment: random.pick(['dev', 'prod']) };
  }
}
