// Runs the workflows themselves: release, promote, rollback and drift by act, against the emulated GitHub and emulated clouds, through what a
// reviewer and the clouds can do to them. Called by .ci/run. Prints a line for each thing seen; the first that is not as expected ends it.
import type { Checkout } from '../../infra/rehearsal/checkout.ts';
import { expectLive, expectThat, facts, liveIn, seen, showLog } from './observed.ts';
import { carryOut, decide, dispatch, type Started, start, waiting } from './runs.ts';
import { clouds, execute, openWorld, trireme, type World } from './world.ts';

async function tell(world: World): Promise<void> {
  const r1 = await release(world, 'R1');
  const first = await promotionOf(world, r1);
  seen(`release.yml: ${r1} is proven in dev on ${clouds.join(' and ')}, and promote.yml waits for a review`);
  expectThat(
    (await liveIn(world, 'prod')).size === 0,
    'nothing in prod before the review',
    await liveIn(world, 'prod'),
  );
  decide(world, first.run, 'approved', 'prod');
  expectThat((await first.ended) === 0, 'promote.yml to end well', 'it failed');
  expectLive(await liveIn(world, 'prod'), { 'aws-prod': r1, 'gcp-prod': r1 });
  const approvals = (await facts(world)).filter((fact) => fact.kind === 'approval');
  expectThat(
    approvals.length === 1 && approvals[0]?.body.approver === 'rita',
    'one approval for both clouds',
    approvals,
  );
  seen(`promote.yml: one review by rita let ${r1} into both clouds`);

  await forgetSetting(world.checkout);
  const r2 = await release(world, 'R2');
  const refused = await promotionOf(world, r2);
  const touched = () =>
    facts(world).then((all) => all.filter((fact) => 'stack' in fact && fact.stack.endsWith('-prod')).length);
  const before = await touched();
  decide(world, refused.run, 'rejected', 'prod');
  expectThat((await refused.ended) !== 0, 'promote.yml to fail when the review says no', 'it ended well');
  expectThat(
    (await touched()) === before,
    'prod untouched after a refused review',
    `${(await touched()) - before} new facts`,
  );
  const ended = (await facts(world)).findLast((fact) => fact.kind === 'promotion');
  expectThat(
    ended?.release === r2 && ended.body.state === 'refused' && ended.actor.login === 'rita',
    `the promotion of ${r2} ended as refused by rita`,
    ended,
  );
  seen(`promote.yml: rita refused the review of ${r2}; nothing was touched, and the ledger says who said no`);

  const older = await dispatch(world, 'promote.yml', { release: r2 });
  await waiting(older.run);
  const newer = await dispatch(world, 'promote.yml', { release: r2 });
  await waiting(newer.run);
  expectThat((await older.ended) !== 0, 'the superseded run to end', 'it ended well');
  expectThat(older.run.conclusion === 'cancelled', 'the superseded run cancelled', older.run.conclusion);
  seen('promote.yml: a newer preparation superseded the waiting one and cancelled its run');

  decide(world, newer.run, 'approved', 'prod');
  expectThat((await newer.ended) !== 0, 'promote.yml to fail with a failing leg', 'it ended well');
  expectLive(await liveIn(world, 'prod'), { 'aws-prod': r2, 'gcp-prod': r1 });
  const legs = (await facts(world)).filter((fact) => fact.kind === 'promotion' && fact.release === r2).at(-1);
  expectThat(legs?.kind === 'promotion' && legs.body.state === 'failed', 'the promotion recorded as failed', legs);
  seen(
    `promote.yml: ${r2} failed on gcp-prod and went back there; aws-prod runs it; the run failed and the ledger says why`,
  );

  const back = await dispatch(world, 'rollback.yml', { release: r1, clouds: 'all', reason: 'prod is split' });
  await waiting(back.run);
  decide(world, back.run, 'approved', 'prod-rollback');
  expectThat((await back.ended) === 0, 'rollback.yml to end well', 'it failed');
  expectLive(await liveIn(world, 'prod'), { 'aws-prod': r1, 'gcp-prod': r1 });
  seen(`rollback.yml: both clouds run ${r1} again`);

  const drift = await dispatch(world, 'drift.yml', {});
  expectThat((await drift.ended) === 0, 'drift.yml to find nothing', 'it failed');
  expectThat(world.repository.issues.size === 0, 'no issue where nothing drifted', [
    ...world.repository.issues.values(),
  ]);
  seen('drift.yml: every stack is what was declared, and no issue was opened');
}

/** A developer's commit reaches `main`. @returns the release that release.yml made of it. */
async function release(world: World, message: string): Promise<string> {
  await trireme(world.checkout.root, 'train');
  await world.checkout.commit(message);
  await execute('git', ['-C', world.checkout.root, 'push', '--quiet', world.origin, 'main']);
  const { ended } = await start(world, 'release.yml', 'push', {});
  expectThat((await ended) === 0, 'release.yml to end well', 'it failed');
  const made = (await facts(world)).findLast((fact) => fact.kind === 'release');
  expectThat(made?.kind === 'release', 'a release in the ledger', 'none');
  const built = made?.kind === 'release' ? made.body.manifest.image.builder : undefined;
  expectThat(built === 'dockerfile', 'an image built from the Dockerfile', built);
  return made?.kind === 'release' ? made.release : '';
}

/** The run of promote.yml that release.yml asked for, waiting for its review. */
async function promotionOf(world: World, wanted: string): Promise<Started> {
  const run = [...world.repository.runs.values()].findLast(
    ({ workflow, inputs }) => workflow.endsWith('promote.yml') && inputs.release === wanted,
  );
  if (run === undefined) throw new Error(`expected release.yml to start promote.yml for ${wanted}; it did not`);
  const started = carryOut(world, run, 'workflow_dispatch');
  await Promise.race([waiting(run), started.ended]);
  expectThat(run.status === 'waiting', `promote.yml of ${wanted} to wait for a review`, run.status);
  return started;
}

/** The commit that makes R2: the model declares a setting that every stack has but gcp-prod. */
async function forgetSetting(checkout: Checkout): Promise<void> {
  await checkout.edit('problem.yaml', (text) =>
    text.replace(/^settings: \[\]$/m, 'settings: [{ name: TASTING_REGION, why: labels are named for it }]'),
  );
  for (const stack of ['aws-dev', 'gcp-dev', 'aws-prod']) {
    await checkout.edit(`stacks/Pulumi.${stack}.yaml`, (text) =>
      text.replace(/^(\s*)trireme:env: \{\}$/m, '$1trireme:env: { TASTING_REGION: Piemonte }'),
    );
  }
}

const world = await openWorld();
try {
  await tell(world);
} catch (error) {
  await showLog(world);
  throw error;
} finally {
  await world.end();
}
