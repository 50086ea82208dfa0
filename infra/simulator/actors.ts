// What people and machines do, each on their own: they start processes, look at how those end, and go on or give up.
import type { Actor } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import { type Environment, parseStack, type StackName } from '../contract/stack.ts';
import { approvePromotion } from '../delivery/approve.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { deployRelease } from '../delivery/deploy.ts';
import { finalisePromotion, takeBackPromotion } from '../delivery/finalise.ts';
import { preparePromotion } from '../delivery/prepare.ts';
import { promote } from '../delivery/promote.ts';
import { makeRelease } from '../delivery/release.ts';
import { rollback } from '../delivery/rollback.ts';
import { freezeEnvironment, holdRelease, liftHold, thawEnvironment } from '../delivery/stop.ts';
import { verifyEnvironment } from '../delivery/verify.ts';
import { drawNewQualities, type Qualities } from './quality.ts';
import { partsOf } from './release-parts.ts';
import { bringUp } from './stack-truth.ts';
import { idOf, people, perform, randomFor, releaseNumber, type Stage } from './stage.ts';

export const prodStacks: readonly StackName[] = ['aws-prod', 'gcp-prod', 'azure-prod'];

/** How an approved promotion is carried out. `legs`: a job per stack. `whole`: one. `twice`: two people at once. */
export type Carrying = 'legs' | 'whole' | 'twice';

export type Story =
  | { readonly kind: 'release' }
  | {
      readonly kind: 'promote';
      readonly release: number;
      readonly approver: keyof typeof people | 'nobody';
      readonly carrying: Carrying;
      /** Between the approval and the first job. */
      readonly waitsMinutes: number;
      /** Approved and begun at once. */
      readonly hasty?: boolean;
      /** One leg is run once more, so many minutes later. */
      readonly againMinutes: number | undefined;
    }
  | { readonly kind: 'rollback'; readonly to: number | undefined }
  | { readonly kind: 'redeploy'; readonly release: number }
  | { readonly kind: 'freeze'; readonly minutes: number }
  | { readonly kind: 'hold'; readonly release: number; readonly minutes: number }
  | { readonly kind: 'outside'; readonly stack: StackName; readonly release: number }
  | { readonly kind: 'verify'; readonly environment: Environment };

/** @param name tells this story's processes from all others. */
export async function play(stage: Stage, name: string, story: Story): Promise<void> {
  switch (story.kind) {
    case 'release':
      await releaseToDev(stage, name, drawNewQualities(randomFor(stage, name)));
      return;
    case 'promote':
      return promoteStory(stage, name, story);
    case 'rollback': {
      const to = story.to === undefined ? undefined : idOf(stage, story.to);
      await rollBack(stage, name, 'prod', to);
      return;
    }
    case 'redeploy':
      await deployToDev(stage, name, releaseNumber(stage, story.release));
      return;
    case 'freeze':
      await order(stage, `${name}-freeze`, (delivery) => freezeEnvironment(delivery, 'prod', 'an incident'));
      await stage.scheduler.wait(story.minutes * 60_000);
      await order(stage, `${name}-thaw`, (delivery) => thawEnvironment(delivery, 'prod', 'it is over'));
      return;
    case 'hold': {
      const release = idOf(stage, story.release);
      await order(stage, `${name}-hold`, (delivery) => holdRelease(delivery, release, 'it looks bad'));
      await stage.scheduler.wait(story.minutes * 60_000);
      await order(stage, `${name}-unhold`, (delivery) => liftHold(delivery, release, 'it was not'));
      return;
    }
    case 'outside':
      await plainUp(stage, name, story.stack, releaseNumber(stage, story.release));
      return;
    case 'verify':
      await perform(stage, `${name}-verify`, { kind: 'paper' }, people.machine, (delivery) =>
        verifyEnvironment(delivery, story.environment),
      );
  }
}

/** What a push to `main` does: a release, and dev. @returns the release, when it was made. */
export async function releaseToDev(
  stage: Stage,
  name: string,
  qualities: Qualities = {},
): Promise<ReleaseManifest | undefined> {
  const { world } = stage;
  const image = world.nextImage();
  const made = await perform(stage, `${name}-release`, { kind: 'paper' }, people.machine, (delivery) =>
    makeRelease(delivery, partsOf(image)),
  );
  // A job that died may have made one all the same; nobody goes on with it.
  for (const fact of world.facts) {
    if (fact.kind !== 'release' || world.manifests.has(fact.release)) continue;
    world.manifests.set(fact.release, fact.body.manifest);
    world.qualities.set(fact.release, qualities);
  }
  if (made.value === undefined) return undefined;
  await deployToDev(stage, name, made.value);
  return made.value;
}

export function deployToDev(stage: Stage, name: string, manifest: ReleaseManifest) {
  return perform(stage, `${name}-deploy`, { kind: 'deployment' }, people.machine, (delivery) =>
    deployRelease(delivery, manifest, 'dev'),
  );
}

export function rollBack(stage: Stage, name: string, environment: Environment, to?: string) {
  return perform(stage, `${name}-rollback`, { kind: 'rollback' }, people.colleague, (delivery) =>
    rollback(delivery, environment, { to, reason: 'it looks bad' }),
  );
}

export async function prepare(
  stage: Stage,
  name: string,
  manifest: ReleaseManifest,
  override?: string,
): Promise<string | undefined> {
  const prepared = await perform(stage, `${name}-prepare`, { kind: 'paper' }, people.requester, (delivery) =>
    preparePromotion(delivery, manifest, 'prod', { override }),
  );
  return prepared.value?.promotion.body.promotion;
}

export function approve(stage: Stage, name: string, promotion: string, approver: Actor) {
  return perform(stage, `${name}-approve`, { kind: 'paper' }, approver, (delivery) =>
    approvePromotion(delivery, promotion, approver),
  );
}

export function carryOut(stage: Stage, name: string, promotion: string, stack?: StackName) {
  const purpose = { kind: 'promotion', promotion } as const;
  return perform(stage, name, purpose, people.machine, (delivery) =>
    promote(delivery, promotion, stack === undefined ? {} : { stacks: [stack] }),
  );
}

async function promoteStory(stage: Stage, name: string, story: Extract<Story, { kind: 'promote' }>): Promise<void> {
  const random = randomFor(stage, name);
  const promotion = await prepare(stage, name, releaseNumber(stage, story.release));
  if (promotion === undefined) return;
  const calm = story.hasty === true ? 0.02 : 1;
  await stage.scheduler.wait(random.between(1, 300_000) * calm);
  if (story.approver !== 'nobody') await approve(stage, name, promotion, people[story.approver]);
  await stage.scheduler.wait(story.waitsMinutes * 60_000 + random.between(1, 120_000) * calm);
  const jobs = carriers[story.carrying].map(async ([job, stack]) => {
    await stage.scheduler.wait(random.between(1, 120_000) * calm);
    return carryOut(stage, `${name}-${job}`, promotion, stack);
  });
  if (story.againMinutes !== undefined) {
    await stage.scheduler.wait(story.againMinutes * 60_000);
    await carryOut(stage, `${name}-again`, promotion, random.pick(['aws-prod', 'gcp-prod', 'azure-prod']));
  }
  await Promise.all(jobs);
  if (story.carrying === 'legs') await endLegs(stage, name, promotion);
}

/** The workflow's last job, which merges what the legs left, and whoever does what it says where some of it is to be taken back. */
async function endLegs(stage: Stage, name: string, promotion: string): Promise<void> {
  const { rules, scheduler } = stage;
  const ended = await perform(stage, `${name}-finalise`, { kind: 'paper' }, people.colleague, (delivery) =>
    finalisePromotion(delivery, promotion),
  );
  if (ended.value === undefined) return;
  rules.mustNameWhatIsLeft(promotion, stage.policy, ended.value.left);
  if (ended.value.left.length === 0) return;
  await scheduler.wait(randomFor(stage, `${name}-take-back`).between(1, 600_000));
  const purpose = { kind: 'promotion', promotion } as const;
  const again = await perform(stage, `${name}-take-back`, purpose, people.colleague, async (delivery) =>
    takeBackPromotion(delivery, await finalisePromotion(delivery, promotion)),
  );
  if (again.value !== undefined) rules.mustBeTakenBack(promotion, again.value.left);
}

const carriers: Readonly<Record<Carrying, readonly (readonly [job: string, stack: StackName | undefined])[]>> = {
  legs: prodStacks.map((stack) => [`leg-${parseStack(stack).cloud}`, stack] as const),
  whole: [['whole', undefined]],
  twice: [
    ['one', undefined],
    ['other', undefined],
  ],
};

/** A plain `pulumi up` by somebody who does not know better: past the ledger, and only the world knows. */
async function plainUp(stage: Stage, name: string, stack: StackName, manifest: ReleaseManifest): Promise<void> {
  const { world } = stage;
  await perform(stage, `${name}-up`, { kind: 'outside' }, people.author, (_delivery, process) =>
    process.call(`plain up ${stack} ${releaseIdOf(manifest)}`, {
      takesMs: 60_000,
      faults: ['fail'],
      apply: () => {
        if (world.locks.has(stack)) return;
        const state = world.state(stack);
        state.outside = true;
        bringUp(parseStack(stack), state, manifest, { stage: 'live' }, world.qualityOn(stack, releaseIdOf(manifest)));
      },
    }),
  );
}

/** What a person orders without touching a stack. */
export function order(stage: Stage, name: string, work: (delivery: Delivery) => Promise<unknown>) {
  return perform(stage, name, { kind: 'paper' }, people.colleague, work);
}
