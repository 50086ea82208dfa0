// May this release enter this environment? Pure, and every reason against it at once.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import { type Cloud, type Environment, upstreamOf } from '../contract/stack.ts';
import type { Target } from './delivery.ts';
import { stackTruth } from './environment-state.ts';
import { type GuardQuestion, guardReasons } from './guards.ts';
import { sequenceOf } from './sequence.ts';
import { provenOn, runsNow } from './stack-state.ts';

export interface PromotionQuestion {
  readonly facts: readonly Fact[];
  readonly manifest: ReleaseManifest;
  readonly environment: Environment;
  /** Every stack that exists, of every environment. */
  readonly stacks: readonly Target[];
  /** What each cloud's registry says the release's copy is; `undefined` when it has none. */
  readonly resolved: Readonly<Partial<Record<Cloud, string | undefined>>>;
  /** By stack, the release its own outputs name; what a plain `pulumi up` did counts as well. */
  readonly deployed: Readonly<Record<string, string | null>>;
  /** What is wrong with what is attested to its image, or missing where the policy wants it there. */
  readonly unattested?: readonly string[];
  readonly emulated: boolean;
  readonly policy: GuardQuestion['policy'];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly override?: string | undefined;
}

/** Reasons against, for people; empty when it may. A leg whose stack runs the release already is no reason: the others may not. */
export function reasonsAgainst(question: PromotionQuestion): readonly string[] {
  return [
    ...guardReasons({ ...question, release: releaseIdOf(question.manifest) }),
    ...notProvenUpstream(question),
    ...notFitFor(question),
    ...notInRegistries(question),
    ...(question.unattested ?? []),
    ...goingBack(question),
  ];
}

/** Before it is prepared, for all stacks of the environment. @throws DeliveryError `refused` with every reason. */
export function assertMayEnter(question: PromotionQuestion): void {
  const reasons = [...reasonsAgainst(question), ...alreadyThere(question)];
  if (reasons.length === 0) return;
  const { manifest, environment } = question;
  throw new DeliveryError('refused', `${releaseIdOf(manifest)} may not enter ${environment}: ${reasons.join('; ')}`, {
    hint: 'see where every release stands: npx trireme status',
  });
}

/** All stacks, never one of them: what passed on one cloud says nothing about the next. */
function notProvenUpstream({ facts, manifest, environment, stacks }: PromotionQuestion): string[] {
  const upstream = upstreamOf(environment);
  if (upstream === undefined) return [];
  const proving = stacks.filter(({ stack }) => stack.environment === upstream);
  if (proving.length === 0) return [`no stack in ${upstream} exists that could have verified it`];
  const missing = proving.filter(({ stack }) => !provenOn(facts, stack.name, releaseIdOf(manifest)));
  return missing.length === 0 ? [] : [`not verified on ${missing.map(({ stack }) => stack.name).join(', ')}`];
}

function notFitFor({ manifest, environment, emulated }: PromotionQuestion): string[] {
  return [
    ...(manifest.source.dirty && upstreamOf(environment) !== undefined
      ? [`built from files that no commit holds (dirty tree at ${manifest.source.commit.slice(0, 12)})`]
      : []),
    ...(manifest.image.builder === 'layout' && !emulated
      ? ['its image was written by trireme itself (builder: layout), which only emulated clouds run']
      : []),
  ];
}

function notInRegistries({ manifest, environment, stacks, resolved }: PromotionQuestion): string[] {
  const clouds = stacks.filter(({ stack }) => stack.environment === environment).map(({ stack }) => stack.cloud);
  return clouds
    .filter((cloud) => resolved[cloud] !== manifest.image.digest)
    .map(
      (cloud) => `${cloud}'s registry has ${resolved[cloud] ?? 'no such image'} instead of ${manifest.image.digest}`,
    );
}

/** A job that wakes up late must not replace a newer release: back is where only a rollback goes. */
function goingBack(question: PromotionQuestion): string[] {
  const { manifest, environment } = question;
  const newer = running(question).filter(
    ({ release }) => release !== undefined && sequenceOf(release) > manifest.sequence,
  );
  if (newer.length === 0) return [];
  const names = newer.map(({ stack, release }) => `${stack} runs ${release}`).join(', ');
  return [
    `${names}, which is newer: to go back, npx trireme rollback --environment ${environment} --to ${releaseIdOf(manifest)}`,
  ];
}

function alreadyThere(question: PromotionQuestion): string[] {
  const { environment, manifest } = question;
  const stacks = running(question);
  const everywhere = stacks.length > 0 && stacks.every(({ release }) => release === releaseIdOf(manifest));
  if (!everywhere) return [];
  const unknown = stacks.filter(({ stack }) => stackTruth(question.facts, stack, question.nowMs).knows === 'unknown');
  const names = unknown.map(({ stack }) => stack).join(', ');
  return unknown.length === 0
    ? [`every stack in ${environment} runs it already`]
    : [
        `${names} was given it already, and what runs there is unknown: npx trireme recover --environment ${environment}`,
      ];
}

/** What the ledger proved, else what the outputs name; nothing where the stack was taken down. */
function running({ facts, environment, stacks, deployed }: PromotionQuestion) {
  return stacks
    .filter(({ stack }) => stack.environment === environment)
    .map(({ stack }) => {
      const outputs = deployed[stack.name] ?? undefined;
      return {
        stack: stack.name,
        release: outputs === undefined ? undefined : (runsNow(facts, stack.name) ?? outputs),
      };
    });
}
