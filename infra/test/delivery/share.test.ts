import { describe, expect, test } from 'vitest';
import { DeliveryError } from '../../contract/errors.ts';
import type { FactOf } from '../../contract/fact.ts';
import type { Traffic } from '../../contract/ports.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { stackTruth } from '../../delivery/environment-state.ts';
import { finalisePromotion } from '../../delivery/finalise.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { recover } from '../../delivery/recover.ts';
import { rollback } from '../../delivery/rollback.ts';
import { shareLeft } from '../../delivery/share.ts';
import { provenOn } from '../../delivery/stack-state.ts';
import { statusTable } from '../../delivery/status.ts';
import { holdRelease } from '../../delivery/stop.ts';
import { verifyEnvironment } from '../../delivery/verify.ts';
import { type Behaviour, policyText, World } from './world.ts';

const sharing = 'promotions: { share: { percent: 10, minutes: 2 } }\n';

/** The first release runs in prod; the second one is approved. */
async function approved(policy = sharing, changes: Partial<Delivery> = {}) {
  const world = new World();
  const stacks = ['gcp-dev', 'gcp-prod', 'aws-dev', 'aws-prod'] as const;
  const process = () => world.delivery(stacks, { policy: parsePolicy(`${policyText}${policy}`), ...changes });
  const delivery = process();
  const [first, second] = [await world.release(), await world.release()];
  await deployRelease(delivery, world.letIntoProd(first), 'prod');
  await deployRelease(delivery, second, 'dev');
  const { promotion } = await preparePromotion(delivery, second, 'prod');
  const id = promotion.body.promotion;
  await approvePromotion(delivery, id, { login: 'alice', via: 'local' });
  world.deployments.length = 0;
  const ids = [releaseIdOf(first), releaseIdOf(second)] as const;
  const onGcp = (signal?: AbortSignal) => promote(process(), id, { stacks: ['gcp-prod'], signal });
  const stagesOn = (stack: string) =>
    world.deployments.filter((one) => one.startsWith(stack)).map((one) => one.split(' ')[1]);
  return { world, process, id, ids, onGcp, stagesOn };
}

const facts = (world: World): readonly FactOf<'deployment'>[] =>
  world.facts.flatMap((one) => (one.kind === 'deployment' && one.stack === 'gcp-prod' ? [one] : []));

test('a candidate gets none, then its share, then all; the ledger says each before it happens', async () => {
  const { world, ids, onGcp, stagesOn } = await approved();
  const { stacks } = await onGcp();
  expect(stacks[0]).toMatchObject({ state: 'healthy', runs: ids[1] });
  expect(stagesOn('gcp-prod')).toEqual(['candidate', 'share', 'live']);
  const told = facts(world)
    .filter(({ release }) => release === ids[1])
    .map(({ body }) => [body.state, body.stage, body.sharePercent]);
  expect(told).toEqual([
    ['updating', undefined, undefined],
    ['proving', 'candidate', undefined],
    ['updating', 'share', 10],
    ['proving', 'share', 10],
    ['updating', 'live', undefined],
    ['proving', undefined, undefined],
    ['healthy', undefined, undefined],
  ]);
  expect(world.sharing.size).toBe(0);
});

describe('there is no share', () => {
  test('where the policy names none', async () => {
    const { onGcp, stagesOn } = await approved('');
    await onGcp();
    expect(stagesOn('gcp-prod')).toEqual(['candidate', 'live']);
  });

  test('where the runtime can give none', async () => {
    const { process, id, stagesOn } = await approved();
    await promote(process(), id, { stacks: ['aws-prod'] });
    expect(stagesOn('aws-prod')).toEqual(['live']);
  });

  test('for who goes back: that is in a hurry', async () => {
    const { process, id, ids, stagesOn } = await approved();
    await promote(process(), id);
    await rollback(process(), 'prod', { to: ids[0] });
    expect(stagesOn('gcp-prod')).toEqual(['candidate', 'share', 'live', 'candidate', 'live']);
  });
});

describe('how it is watched', () => {
  test('is for its minutes, by the requests that the candidate answered, and shorter where waiting is', async () => {
    for (const [timeScale, seconds] of [
      [1, 120],
      [60, 2],
    ] as const) {
      const spans: { of: string | undefined; seconds: number }[] = [];
      const read = async (_service: unknown, from: number, to: number, of?: string) => {
        spans.push({ of, seconds: Math.round((to - from) / 1000) });
        return { requests: 100, errors: 0, meanLatencyMs: 5 };
      };
      const { onGcp } = await approved(sharing, { timeScale, traffic: { 'cloud-run': { lateSeconds: 0, read } } });
      await onGcp();
      expect(spans[0]).toEqual({ of: 'live', seconds });
      expect(spans.at(-1)).toEqual({ of: 'candidate', seconds });
    }
  });

  test('is by nobody where nobody can read it, and the time passes all the same', async () => {
    const { world, onGcp } = await approved(sharing, { traffic: undefined });
    const began = world.nowMs;
    expect((await onGcp()).stacks[0]?.state).toBe('healthy');
    expect(world.nowMs - began).toBeGreaterThanOrEqual(120_000);
  });
});

describe.each(['revert-target', 'revert-all', 'hold'])('a release that is bad, where policy says %s,', (policy) => {
  const text = `promotions: { onTargetFailure: ${policy}, share: { percent: 10, minutes: 2 } }\n`;

  test.each<[string, 'candidate' | 'share', Behaviour | 'watch', string[], RegExp]>([
    ['beside what is live', 'candidate', 'not-ready', ['candidate'], /^beside what is live: .*WINE_REGION/],
    ['because the platform refuses it', 'candidate', 'rejected', ['candidate'], /Revision is not ready/],
    [
      'once it has its share',
      'share',
      'control-plane-failed',
      ['candidate', 'share', 'candidate'],
      /^with 10 % .*ROLL/,
    ],
    ['because its share is refused', 'share', 'rejected', ['candidate', 'share', 'candidate'], /^with 10 % of the/],
    ['for those who meet it', 'share', 'watch', ['candidate', 'share', 'candidate'], /^with 10 % .*traffic-errors/],
  ])('%s has nothing at the end, and what was live was never replaced', async (_, stage, how, deployed, reason) => {
    const { world, ids, onGcp, stagesOn } = await approved(text);
    if (how === 'watch') world.fault = { stack: 'gcp-prod', step: 'watch-share', fault: 'fail' };
    else world.behave('gcp-prod', ids[1], how, stage);
    const { stacks } = await onGcp();
    expect(stacks[0]).toMatchObject({ state: 'reverted', runs: ids[0], reason: expect.stringMatching(reason) });
    expect(stacks[0]?.reason).toContain(`still runs ${ids[0]}`);
    expect(stagesOn('gcp-prod')).toEqual(deployed);
    expect(world.sharing.size).toBe(0);
    expect(world.serving.get('gcp-prod')).toBe(ids[0]);
    expect(stackTruth(world.facts, 'gcp-prod')).toMatchObject({ knows: 'release', runs: ids[0] });
  });
});

test('a release that is bad only once it has all requests goes back as any other', async () => {
  const { world, ids, onGcp, stagesOn } = await approved();
  world.behave('gcp-prod', ids[1], 'wrong-prediction', 'live');
  expect((await onGcp()).stacks[0]).toMatchObject({ state: 'reverted', runs: ids[0] });
  expect(stagesOn('gcp-prod')).toEqual(['candidate', 'share', 'live', 'live']);
  expect(world.serving.get('gcp-prod')).toBe(ids[0]);
});

test('a release that is held while it has its share loses it instead of getting the rest', async () => {
  const { world, process, ids, onGcp, stagesOn } = await approved(sharing, {
    traffic: {
      'cloud-run': {
        lateSeconds: 0,
        async read(_service, _from, _to, of) {
          if (of === 'candidate' && !world.facts.some(({ kind }) => kind === 'hold')) {
            await holdRelease(process(), ids[1], 'it looks bad');
          }
          return { requests: 100, errors: 0, meanLatencyMs: 5 };
        },
      },
    },
  });
  const { stacks } = await onGcp();
  expect(stacks[0]).toMatchObject({ state: 'reverted', runs: ids[0], reason: expect.stringContaining('is held by') });
  expect(stagesOn('gcp-prod')).toEqual(['candidate', 'share', 'candidate']);
  expect(world.sharing.size).toBe(0);
});

test.each(['revert-target', 'hold'])(
  'a release whose last step is refused loses its share, where policy says %s',
  async (policy) => {
    const { world, ids, onGcp, stagesOn } = await approved(
      `promotions: { onTargetFailure: ${policy}, share: { percent: 10, minutes: 2 } }\n`,
    );
    world.behave('gcp-prod', ids[1], 'rejected', 'live');
    expect((await onGcp()).stacks[0]).toMatchObject({ state: 'reverted', runs: ids[0] });
    expect(stagesOn('gcp-prod')).toEqual(['candidate', 'share', 'live', 'candidate']);
    expect(world.sharing.size).toBe(0);
  },
);

test('a share that the outputs alone know of is taken back too', async () => {
  const { world, process, ids, onGcp } = await approved();
  world.fault = { stack: 'gcp-prod', step: 'update', fault: 'time-out' };
  expect((await onGcp()).stacks[0]).toMatchObject({ state: 'unknown' });
  expect(facts(world).findLast(({ body }) => body.stage !== undefined)?.body.stage).toBe('live');
  world.fault = undefined;
  const found = await recover(process(), 'prod', { stacks: ['gcp-prod'] });
  expect(found[0]).toMatchObject({ outcome: 'found', runs: ids[0] });
  expect(world.sharing.size).toBe(0);
});

describe('a share of which nobody can tell', () => {
  type Played = Awaited<ReturnType<typeof approved>>;

  test.each<[string, (played: Played) => void]>([
    ['by its proof', ({ world, ids }) => world.behave('gcp-prod', ids[1], 'control-plane-errored', 'share')],
    [
      'because nobody heard whether it was given',
      ({ world }) => {
        world.fault = { stack: 'gcp-prod', step: 'update-share', fault: 'time-out' };
      },
    ],
  ])('%s is taken back, once, and what was live was never replaced', async (_, spoil) => {
    const played = await approved();
    const { world, process, ids, onGcp, stagesOn } = played;
    spoil(played);
    const { stacks } = await onGcp();
    expect(stacks[0]).toMatchObject({ state: 'unknown', runs: null });
    expect(stacks[0]?.reason).toMatch(/^with 10 % of the traffic: .*; its share was taken back/);
    expect(world.sharing.size).toBe(0);
    expect(world.serving.get('gcp-prod')).toBe(ids[0]);
    const deployed = stagesOn('gcp-prod');
    expect(deployed.at(-1)).toBe('candidate');
    world.fault = undefined;
    const found = await recover(process(), 'prod', { stacks: ['gcp-prod'] });
    expect(found[0]).toMatchObject({ outcome: 'found', runs: ids[0] });
    expect(stagesOn('gcp-prod')).toEqual(deployed);
  });

  test('and that can’t be taken back is said, and recover takes it', async () => {
    const { world, process, ids, onGcp } = await approved();
    world.behave('gcp-prod', ids[1], 'control-plane-errored', 'share');
    world.fault = { stack: 'gcp-prod', step: 'take-share-back', fault: 'time-out' };
    const { stacks } = await onGcp();
    expect(stacks[0]).toMatchObject({ state: 'unknown', runs: null });
    expect(stacks[0]?.reason).toContain('its share could not be taken back: take-share-back on gcp-prod: time-out');
    expect(stacks[0]?.reason).toContain('npx trireme recover --environment prod');
    expect(world.sharing.get('gcp-prod')).toBe(10);
    world.fault = undefined;
    expect((await recover(process(), 'prod', { stacks: ['gcp-prod'] }))[0]).toMatchObject({ runs: ids[0] });
    expect(world.sharing.size).toBe(0);
  });
});

describe('who is interrupted', () => {
  /** Ctrl-C in the moment something is said of the promotion. */
  async function interrupted(when: RegExp, fault?: 'time-out') {
    const stop = new AbortController();
    let armed = false;
    const played = await approved(sharing, {
      report: ({ message }) => armed && when.test(message) && stop.abort(),
    });
    armed = true;
    if (fault !== undefined) played.world.fault = { stack: 'gcp-prod', step: 'take-share-back', fault };
    const error = await played.onGcp(stop.signal).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'interrupted' });
    expect(stop.signal.aborted).toBe(true);
    return { ...played, last: facts(played.world).at(-1)?.body };
  }

  test.each([
    ['while the share is proven', /proving its share/, ['candidate', 'share', 'candidate']],
    ['while it is watched', /watching traffic/, ['candidate', 'share', 'candidate']],
    ['before all of it is given', /^deploying \S+$/, ['candidate', 'share', 'candidate']],
  ])('%s leaves no share', async (_, when, deployed) => {
    const { world, ids, stagesOn, last } = await interrupted(when);
    expect(last).toMatchObject({
      state: 'unknown',
      reason: expect.stringMatching(/interrupted; its share was taken back/),
    });
    expect(stagesOn('gcp-prod')).toEqual(deployed);
    expect(world.sharing.size).toBe(0);
    expect(world.serving.get('gcp-prod')).toBe(ids[0]);
  });

  test('and could not take it back says how', async () => {
    const { world, last } = await interrupted(/watching traffic/, 'time-out');
    expect(last?.reason).toContain('could not be taken back');
    expect(last?.reason).toContain('npx trireme recover --environment prod');
    expect(world.sharing.get('gcp-prod')).toBe(10);
  });

  test('after all of it was given takes nothing back unseen', async () => {
    const { stagesOn, last } = await interrupted(/^proving$/);
    expect(stagesOn('gcp-prod')).toEqual(['candidate', 'share', 'live']);
    expect(last).toMatchObject({ state: 'unknown', reason: 'interrupted' });
  });
});

describe('metrics of the candidate', () => {
  const good: Traffic = { requests: 100, errors: 0, meanLatencyMs: 5 };
  const bad: Traffic = { ...good, errors: 50 };
  const few: Traffic = { requests: 3, errors: 3 };
  /** What each look finds, the last of them for ever; `undefined`: nobody can read it. */
  async function watched(...looks: readonly (Traffic | undefined)[]) {
    let next = 0;
    const played = await approved(sharing, {
      traffic: {
        'cloud-run': {
          lateSeconds: 0,
          async read(_service, _from, _to, of) {
            const found = of === 'candidate' ? looks[Math.min(next++, looks.length - 1)] : good;
            if (found === undefined) throw new DeliveryError('errored', 'metrics: PermissionDenied');
            return found;
          },
        },
      },
    });
    const { stacks } = await played.onGcp();
    return { ...played, stack: stacks[0] };
  }

  test.each<[string, readonly (Traffic | undefined)[], string, RegExp]>([
    ['never be read', [undefined], 'unknown', /PermissionDenied; its share was taken back/],
    ['not be read at the end', [good, undefined], 'unknown', /PermissionDenied; its share was taken back/],
    ['not be read after a bad look', [good, bad, undefined], 'reverted', /traffic-errors: .*50 % of 100/],
    ['not be read between two bad looks', [bad, undefined, bad], 'reverted', /traffic-errors: .*50 % of 100/],
  ])('that can %s give it nothing', async (_, looks, state, reason) => {
    const { stack, world, ids, stagesOn } = await watched(...looks);
    expect(stack).toMatchObject({ state, reason: expect.stringMatching(reason) });
    expect(stagesOn('gcp-prod')).toEqual(['candidate', 'share', 'candidate']);
    expect(world.sharing.size).toBe(0);
    expect(world.serving.get('gcp-prod')).toBe(ids[0]);
  });

  test.each<[string, readonly (Traffic | undefined)[]]>([
    ['can be read again', [undefined, good]],
    ['were bad once and are good', [bad, good]],
    ['tell of too few requests', [few]],
  ])('that %s let it go on', async (_, looks) => {
    const { stack, world, ids } = await watched(...looks);
    expect(stack).toMatchObject({ state: 'healthy', runs: ids[1] });
    if (looks[0] !== few) return;
    const checks = world.facts.flatMap((one) => (one.kind === 'verification' ? one.body.checks : []));
    expect(checks).toContainEqual(expect.objectContaining({ found: 'too few requests: 3 of 50' }));
  });
});

test('a share that can’t be taken back is not called taken back, and the next recovery tries again', async () => {
  const { world, process, ids, onGcp } = await approved();
  world.behave('gcp-prod', ids[1], 'control-plane-failed', 'share');
  world.fault = { stack: 'gcp-prod', step: 'take-share-back', fault: 'time-out' };
  const { stacks } = await onGcp();
  expect(stacks[0]).toMatchObject({ state: 'revert-failed', runs: null });
  expect(stacks[0]?.reason).toContain('its share could not be taken back');
  const again = await recover(process(), 'prod', { stacks: ['gcp-prod'] });
  expect(again[0]).toMatchObject({ outcome: 'unknown', runs: null });
  expect(world.sharing.get('gcp-prod')).toBe(10);
  world.fault = undefined;
  expect((await recover(process(), 'prod', { stacks: ['gcp-prod'] }))[0]).toMatchObject({ runs: ids[0] });
  expect(world.sharing.size).toBe(0);
});

test('verifying meanwhile can’t tell, and takes nothing from what is live', async () => {
  const { world, process, ids, onGcp } = await approved();
  world.behave('gcp-prod', ids[1], 'control-plane-errored', 'share');
  world.fault = { stack: 'gcp-prod', step: 'take-share-back', fault: 'time-out' };
  await onGcp();
  const [found] = await verifyEnvironment(process(), 'prod', { stacks: ['gcp-prod'] });
  expect(found).toMatchObject({
    outcome: 'errored',
    reason: expect.stringContaining('a candidate that has 10 % of it'),
  });
  expect(provenOn(world.facts, 'gcp-prod', ids[0])).toBe(true);
});

describe('a job that died while its candidate had a share', () => {
  async function lost(step: 'update-share' | 'prove-share' | 'watch-share' | 'update') {
    const played = await approved();
    played.world.fault = { stack: 'gcp-prod', step, fault: 'lost' };
    void played.onGcp();
    await played.world.death.promise;
    played.world.fault = undefined;
    return played;
  }

  test('is spoken of as what it is, while it may live and after', async () => {
    const { world, process, id, ids } = await lost('watch-share');
    const truth = stackTruth(world.facts, 'gcp-prod', world.nowMs);
    expect(truth).toMatchObject({ knows: 'under-way', runs: null });
    expect(truth.why).toContain(`proving at 10 % of the traffic ${ids[1]}`);
    const [row] = statusTable(world.facts, process().stacks).releases;
    expect(row?.cells.find(({ stack }) => stack === 'gcp-prod')).toMatchObject({
      state: 'proving',
      stage: 'share',
      sharePercent: 10,
      reason: 'with 10 % of the traffic; the release before it has the rest',
    });
    await finalisePromotion(process(), id);
    expect(facts(world).at(-1)?.body).toMatchObject({
      state: 'unknown',
      reason: 'its job ended without a word while proving at 10 % of the traffic',
    });
  });

  test.each(['update-share', 'prove-share', 'watch-share'] as const)(
    'in the step %s gives it all back to the release before, by recover',
    async (step) => {
      const { world, process, ids } = await lost(step);
      expect(world.sharing.get('gcp-prod')).toBe(10);
      const found = await recover(process(), 'prod', { stacks: ['gcp-prod'], gone: true });
      expect(found[0]).toMatchObject({ outcome: 'found', runs: ids[0] });
      expect(world.sharing.size).toBe(0);
      expect(world.serving.get('gcp-prod')).toBe(ids[0]);
      expect(stackTruth(world.facts, 'gcp-prod')).toMatchObject({ knows: 'release', runs: ids[0] });
      const known = await recover(process(), 'prod', { stacks: ['gcp-prod'], gone: true });
      expect(known[0]).toMatchObject({ outcome: 'known', runs: ids[0] });
    },
  );

  test('and got all of the traffic before it died is found to run', async () => {
    const { process, ids } = await lost('update');
    const found = await recover(process(), 'prod', { stacks: ['gcp-prod'], gone: true });
    expect(found[0]).toMatchObject({ outcome: 'found', runs: ids[1] });
  });

  test('leaves the way free for the same release again, and for going back', async () => {
    for (const again of ['promote', 'rollback']) {
      const { world, process, ids, id } = await lost('prove-share');
      if (again === 'promote') await promote(process(), id, { stacks: ['gcp-prod'] });
      else await rollback(process(), 'prod', { to: ids[0] });
      expect(world.sharing.size).toBe(0);
      expect(world.serving.get('gcp-prod')).toBe(again === 'promote' ? ids[1] : ids[0]);
    }
  });
});

test('whether a share is left is read from the words of one attempt', async () => {
  const { world, ids } = await approved();
  type Word = Pick<FactOf<'deployment'>['body'], 'state' | 'stage'>;
  const [sample] = facts(world);
  if (sample === undefined) throw new Error('expected a deployment');
  const left = (words: readonly Word[]) => {
    const told = words.map((body) => ({ ...sample, release: ids[1], body: { replaced: null, ...body, attempt: 'a' } }));
    return (
      shareLeft([...told, { ...sample, body: { ...sample.body, attempt: 'b', stage: 'live' } }], 'a') !== undefined
    );
  };
  const shared: readonly Word[] = [
    { state: 'updating' },
    { state: 'proving', stage: 'candidate' },
    { state: 'updating', stage: 'share' },
  ];
  expect(left(shared.slice(0, 2))).toBe(false);
  expect(left(shared)).toBe(true);
  for (const state of ['unknown', 'failed', 'revert-failed', 'skipped'] as const) {
    expect(left([...shared, { state }]), state).toBe(true);
  }
  for (const state of ['healthy', 'reverted'] as const) expect(left([...shared, { state }]), state).toBe(false);
  expect(left([...shared, { state: 'updating', stage: 'live' }])).toBe(false);
});

test.each([
  ['{ percent: 100, minutes: 1 }', 'expected less than 100 %'],
  ['{ percent: 0, minutes: 1 }', 'percent'],
  ['{ percent: 10, minutes: 31 }', 'expected at most 30 minutes'],
  ['{ percent: 10 }', 'minutes'],
])('policy refuses a share of %s', (share, words) => {
  expect(() => parsePolicy(`${policyText}promotions: { share: ${share} }\n`)).toThrow(words);
});

test('policy refuses a share and a watch that together outlast a job', () => {
  const text = (minutes: number, seconds: number) =>
    `${policyText}promotions: { share: { percent: 10, minutes: ${minutes} } }\nwatch: { seconds: ${seconds} }\n`;
  expect(parsePolicy(text(20, 600)).watch.seconds).toBe(600);
  expect(() => parsePolicy(text(20, 601))).toThrow('at most 30 minutes together with watch.seconds');
});
