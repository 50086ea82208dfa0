// The story, in order: three releases on their way to prod, the third one bad, and the way back. Reads like the README.
import { randomUUID } from 'node:crypto';
import { DeliveryError } from '../contract/errors.ts';
import type { Actor } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import { approvePromotion } from '../delivery/approve.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { type DeploymentOutcome, deployRelease } from '../delivery/deploy.ts';
import { preparePromotion } from '../delivery/prepare.ts';
import { promote } from '../delivery/promote.ts';
import { rollback } from '../delivery/rollback.ts';
import type { AskApproval } from './approval.ts';
import { author } from './checkout.ts';
import type { Spoil } from './controls.ts';
import type { Display } from './display.ts';
import { assertSecretRefused } from './planted-secret.ts';
import type { Stage } from './stage.ts';
import { expectObserved, type Steps } from './steps.ts';
import { requiredRate, startTraffic, type Traffic } from './traffic.ts';
import type { TrafficCount } from './traffic-client.ts';
import { changesOf, outcomeLines } from './words.ts';

/** The setting that R3 needs, that dev has and that prod was forgotten. */
const forgottenSetting = 'TASTING_REGION';

export interface Told {
  readonly releases: ReleaseManifest[];
  readonly approvals: { readonly release: string; readonly promotion: string; readonly approver: string }[];
  /** Empty until prod answers. */
  traffic: readonly TrafficCount[];
}

export interface StoryArguments {
  readonly stage: Stage;
  readonly steps: Steps;
  readonly display: Display;
  readonly askApproval: AskApproval;
  /** A control's chance to act; does nothing in an ordinary rehearsal. */
  readonly spoil: Spoil;
  readonly signal: AbortSignal;
  /** Filled while the story is told, so that a report of a story that stopped half-way is still complete. */
  readonly told: Told;
}

export async function tellStory({
  stage,
  steps,
  display,
  askApproval,
  spoil,
  signal,
  told,
}: StoryArguments): Promise<void> {
  const developer: Actor = { login: author.name, via: 'local' };
  const clouds = stage.clouds.join(', ');
  const delivery = (say: (message: string) => void) =>
    stage.delivery(developer, ({ stack, message }) => say(stack === undefined ? message : `${stack}: ${message}`));
  let traffic: Traffic | undefined;

  try {
    display.chapter(`R1: the first release, to ${clouds}`);
    const r1 = await makeRelease('R1', 'The first release');
    await spoil('R1 is published', r1);
    await steps.run('a secret in a stack file is refused before anything is touched', (say) =>
      assertSecretRefused(stage, delivery(say), r1, signal),
    );
    await deployToDev('R1', r1);
    await spoil('R1 is in dev', r1);
    await promoteToProd('R1', r1);
    await spoil('R1 is in prod', r1);
    traffic = startTraffic(await stage.endpoints('prod'), await stage.samplePrediction());

    display.chapter('R2: another training seed');
    await stage.checkout.edit('problem.yaml', (text) =>
      text.replace(/^seed: (\d+)$/m, (_, seed) => `seed: ${Number(seed) + 1}`),
    );
    const r2 = await makeRelease('R2', 'Train with another seed');
    await spoil('R2 is published', r2);
    await deployToDev('R2', r2);
    await promoteToProd('R2', r2);

    display.chapter(`R3: needs the setting ${forgottenSetting}, which dev has and prod was forgotten`);
    await requireSetting(stage);
    const r3 = await makeRelease('R3', `Require ${forgottenSetting}`);
    await deployToDev('R3', r3);
    await sufferBadRelease(r3, r2);

    display.chapter('Back to R1, by command');
    await rollBack(r1);
    await countRequests();
  } finally {
    // What was sent and lost is part of the report even when the story stopped half-way.
    if (traffic !== undefined && told.traffic.length === 0) told.traffic = await traffic.stop().catch(() => []);
  }

  async function makeRelease(name: string, message: string): Promise<ReleaseManifest> {
    await steps.run(`train ${name}`, async (say) => {
      const model = await stage.train(say);
      await stage.checkout.commit(message);
      say(`${model.name} ${model.digest}`);
    });
    if (told.releases.length === 0) {
      await steps.run('build the image twice: the same digest', async (say) => {
        const [first, second] = [await stage.build(say), await stage.build(say)];
        expectObserved(first === second, `the digest of the first build, ${first}`, second);
      });
      await steps.run(`bring up the registries and pull identities of ${clouds}`, (say) =>
        stage.foundations(say, signal),
      );
    }
    return steps.run(`publish ${name} by digest to ${clouds}`, async (say) => {
      const manifest = await stage.release(developer, say, signal);
      told.releases.push(manifest);
      const found = await Promise.all(
        manifest.image.copies.map(async (copy) => ({ copy, digest: await stage.resolve(copy) })),
      );
      for (const { copy, digest } of found) {
        expectObserved(digest === manifest.image.digest, `${manifest.image.digest} at ${copy.ref}`, String(digest));
      }
      return manifest;
    });
  }

  async function deployToDev(name: string, manifest: ReleaseManifest): Promise<void> {
    const outcome = await steps.run(`deploy ${name} to dev and verify it`, async (say) => {
      const result = await deployRelease(delivery(say), manifest, 'dev', { signal });
      assertHealthy(result);
      assertParity(result);
      return result;
    });
    display.note(outcomeLines(outcome.stacks));
  }

  async function promoteToProd(name: string, manifest: ReleaseManifest): Promise<void> {
    const outcome = await carryOut(name, manifest, `deploy ${name} to prod and verify it`);
    display.note(outcomeLines(outcome.stacks));
    if (traffic !== undefined)
      await assertNothingLost(`no request was lost while ${name} took over`, await traffic.counts());
  }

  /** Prepare, show, approve, check again, deploy: ends with what became of every prod stack. */
  async function carryOut(
    name: string,
    manifest: ReleaseManifest,
    title: string,
    judge = assertProven,
  ): Promise<DeploymentOutcome> {
    const prepared = await steps.run(`prepare the promotion of ${name}`, async (say) =>
      preparePromotion(delivery(say), await stage.manifest(releaseIdOf(manifest)), 'prod', { signal }),
    );
    display.note(changesOf(prepared));
    const id = prepared.promotion.body.promotion;
    await steps.run(`its author can't approve ${name}`, (say) => assertAuthorRefused(delivery(say), id, developer));
    const approver = await askApproval(prepared.promotion, signal);
    await steps.run(`${approver} approves ${name}`, async (say) => {
      await approvePromotion(delivery(say), id, { login: approver, via: 'local' });
      told.approvals.push({ release: releaseIdOf(manifest), promotion: id, approver });
    });
    return steps.run(title, async (say) => {
      const outcome = await promote(delivery(say), id, { signal });
      judge(outcome);
      return outcome;
    });
  }

  async function sufferBadRelease(bad: ReleaseManifest, good: ReleaseManifest): Promise<void> {
    const outcome = await carryOut(
      'R3',
      bad,
      'R3 fails on every prod stack, each in its own way, and each goes back',
      (result) => assertFailedAndBack(result, good),
    );
    display.note(outcomeLines(outcome.stacks));
    await steps.run('every prod stack answers with R2', (say) => assertServing(stage, delivery(say), good));
  }

  async function rollBack(to: ReleaseManifest): Promise<void> {
    const outcome = await steps.run('roll prod back to R1 and verify it', async (say) => {
      const result = await rollback(delivery(say), 'prod', {
        to: releaseIdOf(to),
        reason: 'the rehearsal shows the way back',
        signal,
      });
      assertProven(result);
      return result;
    });
    display.note(outcomeLines(outcome.stacks));
    await steps.run('every prod stack answers with R1', (say) => assertServing(stage, delivery(say), to));
  }

  async function countRequests(): Promise<void> {
    told.traffic = (await traffic?.stop()) ?? [];
    await assertNothingLost('no request was lost since prod first answered', told.traffic);
  }

  function assertNothingLost(title: string, counts: readonly TrafficCount[]): Promise<void> {
    return steps.run(title, async () => {
      for (const { stack, sent, lost, seconds, losses } of counts) {
        expectObserved(lost === 0, `0 of ${sent} requests to ${stack} lost`, `${lost} lost (${losses.join('; ')})`);
        const rate = sent / seconds;
        expectObserved(rate >= requiredRate, `${requiredRate} requests a second to ${stack}`, rate.toFixed(1));
      }
      expectObserved(counts.length > 0, 'traffic to every prod stack', 'none');
    });
  }
}

/** The commit that makes R3: the model declares a setting, the dev stack files get it, the prod ones are forgotten. */
async function requireSetting(stage: Stage): Promise<void> {
  await stage.checkout.edit('problem.yaml', (text) =>
    text.replace(
      /^settings: \[\]$/m,
      `settings: [{ name: ${forgottenSetting}, why: labels are named for the region of the tasting }]`,
    ),
  );
  for (const { stack } of stage.stacks.filter((target) => target.stack.environment === 'dev')) {
    await stage.checkout.edit(`stacks/Pulumi.${stack.name}.yaml`, (text) =>
      text.replace(/^(\s*)trireme:env: \{\}$/m, `$1trireme:env: { ${forgottenSetting}: Piemonte }`),
    );
  }
}

async function assertAuthorRefused(delivery: Delivery, promotion: string, developer: Actor): Promise<void> {
  const refusal = await approvePromotion(delivery, promotion, developer).then(
    () => undefined,
    (error: unknown) => error,
  );
  const refused = refusal instanceof DeliveryError && refusal.code === 'refused';
  expectObserved(
    refused,
    `the approval by ${developer.login} to be refused`,
    refusal === undefined ? 'it was taken' : String(refusal),
  );
}

function assertHealthy(outcome: DeploymentOutcome): void {
  for (const { stack, state, reason } of outcome.stacks) {
    if (state === 'unknown') throw new DeliveryError('errored', `${stack}: ${reason ?? 'could not tell'}`);
    expectObserved(state === 'healthy', `${stack} healthy`, `${state}: ${reason ?? 'no reason given'}`);
  }
}

/** Several clouds were compared with each other; one alone has nobody to agree with. */
function assertParity({ stacks }: DeploymentOutcome): void {
  if (stacks.length < 2) return;
  for (const { stack, checks } of stacks) {
    const parity = checks.find((check) => check.name === 'parity');
    expectObserved(
      parity?.outcome === 'passed',
      `${stack} to answer as the other clouds do`,
      parity?.found ?? 'no comparison',
    );
  }
}

function assertProven(outcome: DeploymentOutcome): void {
  assertHealthy(outcome);
  assertParity(outcome);
}

function assertFailedAndBack(outcome: DeploymentOutcome, good: ReleaseManifest): void {
  for (const { stack, state, reason, runs } of outcome.stacks) {
    if (state === 'unknown') throw new DeliveryError('errored', `${stack}: ${reason ?? 'could not tell'}`);
    expectObserved(
      state === 'reverted' && runs === releaseIdOf(good),
      `${stack} failed and back on R2`,
      `${state}, runs ${runs}: ${reason}`,
    );
  }
}

/** Asks every prod endpoint itself, past everything the platform believes. */
async function assertServing(stage: Stage, delivery: Delivery, manifest: ReleaseManifest): Promise<void> {
  const expected = {
    releaseId: releaseIdOf(manifest),
    imageDigest: manifest.image.digest,
    buildId: manifest.build.buildId,
  };
  for (const { stack, endpoint } of await stage.endpoints('prod')) {
    const answer = await delivery.fetch(`${endpoint}/version?${randomUUID()}`);
    const found = (await answer.json()) as Record<string, unknown>;
    for (const [field, value] of Object.entries(expected)) {
      expectObserved(found[field] === value, `${stack} to report ${field} ${value}`, String(found[field]));
    }
  }
}
