// What the world says just now about a release and an environment: registries, what runs, what would change. Asked before deciding, and again after.
import { DeliveryError, type DeliveryErrorCode } from '../contract/errors.ts';
import type { Fact } from '../contract/fact.ts';
import type { Plan } from '../contract/plan.ts';
import { copyFor, type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Cloud, Environment } from '../contract/stack.ts';
import { attestationReasons, attestationRemarks } from './attestation.ts';
import { type Delivery, type DeliveryOptions, type Target, targetsIn } from './delivery.ts';
import type { PromotionQuestion } from './promotion-rule.ts';
import { retryOf } from './retry.ts';
import { settleAll } from './settle.ts';
import { replacedBy } from './stack-state.ts';

/** Everything the promotion rule needs besides the ledger and the time, which are read at the moment of deciding. */
export type Survey = Omit<PromotionQuestion, 'facts' | 'nowMs' | 'override'>;

export async function surveyOf(
  delivery: Delivery,
  manifest: ReleaseManifest,
  environment: Environment,
  options: DeliveryOptions = {},
): Promise<Survey> {
  const targets = targetsIn(delivery, environment, options.stacks);
  const [resolved, deployed, checks] = await Promise.all([
    resolvedCopies(delivery, manifest, targets),
    deployedIn(delivery, targets),
    delivery.attestations?.verify(manifest),
  ]);
  // Another leg's stack of the same environment is that leg's to judge.
  const stacks = [...delivery.stacks.filter(({ stack }) => stack.environment !== environment), ...targets];
  const { emulated, policy } = delivery;
  const level = policy.supplyChain.attestations;
  if (checks !== undefined) for (const message of attestationRemarks(level, checks)) delivery.report({ message });
  const unattested = attestationReasons(level, checks);
  return { manifest, environment, stacks, resolved, deployed, unattested, emulated, policy };
}

/**
 * Reads from each cloud's own registry what the proof will need. Bytes that are not what their digest says are found before anything is touched;
 * a registry that can't be asked just now is left to the proof.
 * @throws DeliveryError `digest-mismatch`, `document-invalid`, `schema-unknown`.
 */
export async function assertUnaltered(
  { goldens }: Pick<Delivery, 'goldens'>,
  manifest: ReleaseManifest,
  stacks: readonly Pick<Target, 'stack'>[],
): Promise<void> {
  await settleAll(
    stacks.map(({ stack }) =>
      goldens.read(manifest, stack.cloud).catch((error: unknown) => {
        if (!(error instanceof DeliveryError) || edited.has(error.code)) throw error;
      }),
    ),
  );
}

const edited: ReadonlySet<DeliveryErrorCode> = new Set(['digest-mismatch', 'document-invalid', 'schema-unknown']);

/** What each cloud's own registry serves under the release's reference. @throws DeliveryError as `assertUnaltered`. */
export async function resolvedCopies(
  delivery: Delivery,
  manifest: ReleaseManifest,
  targets: readonly Target[],
): Promise<Partial<Record<Cloud, string | undefined>>> {
  const entries = await Promise.all(
    targets.map(async ({ stack }) => {
      const published = manifest.image.copies.some((copy) => copy.cloud === stack.cloud);
      const registry = delivery.registries[stack.cloud];
      return [stack.cloud, published ? await registry?.resolve(copyFor(manifest, stack.cloud)) : undefined] as const;
    }),
  );
  const served = Object.fromEntries(entries);
  await assertUnaltered(
    delivery,
    manifest,
    targets.filter(({ stack }) => served[stack.cloud] === manifest.image.digest),
  );
  return served;
}

export async function deployedIn(
  delivery: Delivery,
  targets: readonly Target[],
): Promise<Record<string, string | null>> {
  const entries = await Promise.all(
    targets.map(async ({ stack }) => {
      const service = await delivery.deployer.deployed(stack);
      return [stack.name, service?.release.releaseId ?? null] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** By stack, the release it would go back to: what an approval takes as the state it changes from. */
export function previousOf(
  facts: readonly Fact[],
  targets: readonly Target[],
  deployed: Readonly<Record<string, string | null>>,
): Record<string, string | null> {
  return Object.fromEntries(
    targets.map(({ stack }) => [stack.name, replacedBy(facts, stack.name, deployed[stack.name] ?? undefined)]),
  );
}

/** What would change on each stack, previewed in parallel. */
export async function previewAll(
  delivery: Delivery,
  manifest: ReleaseManifest,
  targets: readonly Target[],
  signal?: AbortSignal,
): Promise<readonly Plan[]> {
  const options = { report: delivery.report, ...(signal === undefined ? {} : { signal }) };
  const facts = await delivery.ledger.facts();
  return settleAll(
    targets.map(({ stack }) => {
      delivery.report({ stack: stack.name, message: 'previewing' });
      const retry = retryOf(facts, stack.name, releaseIdOf(manifest));
      return delivery.deployer.preview(stack, { manifest, stage: 'live', ...retry }, options);
    }),
  );
}

export function fingerprintsOf(plans: readonly Plan[]): Record<string, string> {
  return Object.fromEntries(plans.map(({ stack, fingerprint }) => [stack, fingerprint]));
}
