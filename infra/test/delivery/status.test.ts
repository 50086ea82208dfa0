import { expect, test } from 'vitest';
import { statusText } from '../../cli/status-text.ts';
import { verdict } from '../../cli/verbs/status.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { factInWords, historyOf } from '../../delivery/history.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { rollback } from '../../delivery/rollback.ts';
import { statusTable } from '../../delivery/status.ts';
import { World } from './world.ts';

/** Two releases of a team with two clouds: the second one failed on gcp in prod. */
async function journey() {
  const world = new World();
  const delivery = world.delivery(['aws-dev', 'gcp-dev', 'aws-prod', 'gcp-prod']);
  const ids: string[] = [];
  for (let index = 0; index < 2; index++) {
    const manifest = await world.release();
    ids.push(releaseIdOf(manifest));
    await deployRelease(delivery, manifest, 'dev');
    const { promotion } = await preparePromotion(delivery, manifest, 'prod');
    await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
    if (index === 1) world.behave('gcp-prod', releaseIdOf(manifest), 'not-ready');
    await promote(delivery, promotion.body.promotion);
  }
  return { world, delivery, ids };
}

test('status says which release runs where, verified how, approved by whom, and that prod is split', async () => {
  const { world, delivery, ids } = await journey();
  const { environments, releases } = statusTable(world.facts, delivery.stacks);
  expect(environments.map(({ environment, split }) => `${environment} ${split}`)).toEqual(['dev false', 'prod true']);
  expect(environments[1]?.stacks.map(({ stack, runs }) => `${stack} ${runs}`)).toEqual([
    `aws-prod ${ids[1]}`,
    `gcp-prod ${ids[0]}`,
  ]);
  expect(releases.map(({ release }) => release)).toEqual([ids[1], ids[0]]);
  const cells = Object.fromEntries(releases[0]?.cells.map((cell) => [cell.stack, cell]) ?? []);
  expect(cells['aws-prod']).toMatchObject({ state: 'healthy', live: true, verified: 'passed', approvedBy: 'alice' });
  expect(cells['gcp-prod']).toMatchObject({
    state: 'reverted',
    live: false,
    verified: 'failed',
    reason: expect.stringContaining('WINE_REGION'),
  });
  expect(cells['aws-dev']).toMatchObject({ live: true, approvedBy: null });
  const text = statusText({ environments, releases });
  expect(text).toContain('prod is split');
  expect(text).toMatch(new RegExp(`${ids[1]}.*live, passed, by alice`));
});

test('status says what was done outside of the ledger, and what waits', async () => {
  const { world, delivery, ids } = await journey();
  await rollback(delivery, 'prod');
  const third = await world.release();
  await deployRelease(delivery, third, 'dev');
  const { promotion } = await preparePromotion(delivery, third, 'prod');
  const deployed = { 'aws-prod': ids[1] ?? null, 'gcp-prod': null, 'aws-dev': releaseIdOf(third) };
  const { environments } = statusTable(world.facts, delivery.stacks, deployed);
  const prod = environments.find(({ environment }) => environment === 'prod');
  expect(prod?.waiting).toEqual([promotion.body.promotion]);
  expect(prod?.stacks.map(({ outsideLedger }) => outsideLedger)).toEqual([ids[1], 'nothing']);
  expect(environments[0]?.stacks.every(({ outsideLedger }) => outsideLedger === undefined)).toBe(true);
});

test('what was prepared too long ago is stale, and is to be prepared again', async () => {
  const { world, delivery } = await journey();
  await rollback(delivery, 'prod');
  const third = await world.release();
  await deployRelease(delivery, third, 'dev');
  const { promotion } = await preparePromotion(delivery, third, 'prod');
  const id = promotion.body.promotion;
  const shown = (hours: number) => {
    const nowMs = Date.parse(promotion.at) + hours * 3_600_000;
    return statusTable(world.facts, delivery.stacks, {}, nowMs, delivery.policy);
  };
  expect(shown(72).environments[1]).toMatchObject({ waiting: [id], stale: [] });
  expect(verdict(shown(72)).next).toBe(`npx trireme approve ${id}`);

  const late = shown(72.1);
  const since = new Date(Date.parse(promotion.at) + 72 * 3_600_000).toISOString();
  expect(late.environments[1]).toMatchObject({
    waiting: [],
    stale: [{ promotion: id, release: releaseIdOf(third), since }],
  });
  const again = `npx trireme promote --release ${releaseIdOf(third)}`;
  expect(verdict(late).next).toBe(again);
  expect(statusText(late)).toContain(`prod: promotion ${id} is stale since ${since}: prepare it again: ${again}`);
  expect(statusText(late)).not.toContain('waits for an approval');
  world.nowMs = Date.parse(since) + 1;
  await expect(approvePromotion(delivery, id, { login: 'alice', via: 'local' })).rejects.toThrow('went stale');
});

test('an empty ledger has a table of stacks without releases', () => {
  const { stacks } = new World().delivery(['gcp-dev']);
  const table = statusTable([], stacks);
  expect(table.releases).toEqual([]);
  expect(table.environments).toHaveLength(1);
  expect(table.environments[0]?.stacks).toEqual([{ stack: 'gcp-dev', runs: null, state: null, endpoint: null }]);
});

test('history tells every fact in words, and narrows', async () => {
  const { world, ids } = await journey();
  const words = world.facts.map(factInWords);
  expect(words.every((line) => line.length > 20 && !line.includes('undefined'))).toBe(true);
  expect(words).toContainEqual(expect.stringMatching(/^gcp-prod: rel-2-\w+ reverted after .*WINE_REGION/));
  const approvals = historyOf(world.facts, { kind: 'approval', environment: 'prod' });
  expect(approvals.map(factInWords)[0]).toMatch(/^prod: alice approved prm-/);
  expect(historyOf(world.facts, { release: ids[0], stack: 'gcp-dev', limit: 1 })).toHaveLength(1);
});
