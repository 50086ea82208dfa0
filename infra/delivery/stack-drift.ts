// Looks for drift: reads every stack of an environment from four sides, and changes nothing, not even the ledger.
import { DeliveryError } from '../contract/errors.ts';
import { copyFor, identityOf } from '../contract/release.ts';
import type { DeployedService } from '../contract/service.ts';
import type { Environment } from '../contract/stack.ts';
import type { Check } from '../contract/verification.ts';
import { type Delivery, type DeliveryOptions, proverFor, runningOn, type Target, targetsIn } from './delivery.ts';
import { driftOf, type StackDrift } from './drift.ts';
import { type StackTruth, stackTruth } from './environment-state.ts';
import { checkIdentity } from './http-checks.ts';
import { settleAll } from './settle.ts';
import { findRelease } from './stack-state.ts';

/** @throws DeliveryError `refused` without a stack, `ledger-corrupt`, `interrupted`. What else can't be read is an answer: `unknown`. */
export async function lookForDrift(
  delivery: Delivery,
  environment: Environment,
  options: DeliveryOptions = {},
): Promise<readonly StackDrift[]> {
  const targets = targetsIn(delivery, environment, options.stacks);
  return settleAll(
    targets.map(async (target) => {
      const { name: stack } = target.stack;
      delivery.report({ stack, message: 'looking for drift' });
      const drift = await lookAt(delivery, target, options.signal);
      delivery.report({ stack, message: `done: ${words[drift.outcome]}` });
      return drift;
    }),
  );
}

const words = { none: 'no drift', drift: 'drift', unknown: 'could not tell' } as const;

async function lookAt(delivery: Delivery, target: Target, signal: AbortSignal | undefined): Promise<StackDrift> {
  const { stack } = target;
  const truth = await truthOf(delivery, target);
  const nothingRead = { truth, resources: [], checks: [], untold: [] };
  if (truth.knows !== 'release' && truth.knows !== 'nothing') return driftOf(nothingRead);

  const untold: string[] = [];
  const told = async <T>(what: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof DeliveryError) || error.code === 'interrupted') throw error;
      untold.push(`${stack.name}: ${what}: ${error.message}`);
      return undefined;
    }
  };
  const run = signal === undefined ? {} : { signal };
  const resources = await told('its resources', () => delivery.deployer.drift(stack, run));
  const outputs = await told('its outputs', async () => ({ service: await delivery.deployer.deployed(stack) }));
  const service = outputs?.service;
  const checks =
    service === undefined || truth.runs === null
      ? []
      : await told('what it runs', () => checksOf(delivery, target, service, signal));

  // A deployment that began meanwhile explains every difference.
  const after = await truthOf(delivery, target);
  if (after.attempt !== truth.attempt || after.since !== truth.since) {
    return driftOf({ ...nothingRead, truth: { ...after, knows: 'under-way', why: 'was deployed to meanwhile' } });
  }
  return driftOf({
    truth,
    ...(outputs === undefined ? {} : { deployed: service?.release.releaseId ?? null }),
    resources: resources ?? [],
    checks: checks ?? [],
    untold,
  });
}

async function truthOf(delivery: Delivery, { stack }: Target): Promise<StackTruth> {
  return stackTruth(await delivery.ledger.facts(), stack.name, delivery.clock.now());
}

/** What the ledger says must run, asked of the control plane, and of the endpoint even when the control plane knows better. */
async function checksOf(
  delivery: Delivery,
  target: Target,
  service: DeployedService,
  signal: AbortSignal | undefined,
): Promise<readonly Check[]> {
  const facts = await delivery.ledger.facts();
  const { runs } = stackTruth(facts, target.stack.name);
  if (runs === null) return [];
  const manifest = findRelease(facts, runs);
  const release = { ...identityOf(manifest), imageRef: copyFor(manifest, target.stack.cloud) };
  const prover = proverFor(delivery, runningOn(target, service));
  const baseline = await prover.baseline(undefined);
  const run = signal === undefined ? {} : { signal };
  const controlPlane = await prover.prove({ service, release, stage: 'live', baseline }, run);
  const everyMs = Math.max(50, (prover.runtime.poll.value.everySeconds * 1000) / delivery.timeScale);
  // Nothing is being deployed, so a few tries tell a router that hiccups from another release.
  const asking = { fetch: delivery.fetch, clock: delivery.clock, everyMs, forMs: tries * everyMs, signal };
  return [...controlPlane, await checkIdentity(asking, service.endpoint, release)];
}

const tries = 3;
