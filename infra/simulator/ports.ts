// The ports of one process over the world: every call may be slow, fail, be done by half or unheard, or be the process's last.
import { DeliveryError } from '../contract/errors.ts';
import type { Actor } from '../contract/fact.ts';
import type { Clock, Deployer, DeploymentRequest, DeploymentResult, RunOptions } from '../contract/ports.ts';
import { releaseIdOf } from '../contract/release.ts';
import type { Stack } from '../contract/stack.ts';
import type { Delivery, Target } from '../delivery/delivery.ts';
import type { Policy } from '../delivery/policy.ts';
import { answerOf, golden } from './endpoint.ts';
import { ledgerFor } from './ledger.ts';
import type { Process } from './process.ts';
import { proverOf } from './prover.ts';
import { runtimeOf } from './runtimes.ts';
import type { Scheduler } from './scheduler.ts';
import { bringUp, bringUpHalf } from './stack-truth.ts';
import { everyStack, type World } from './world.ts';

const targets: readonly Target[] = everyStack.map((stack) => ({ stack, runtime: runtimeOf[stack.cloud] }));

/** How often an engine looks whether a lock is gone, and how often at most. */
const lockWait = { everyMs: 15_000, times: 8 };

export function deliveryFor(
  world: World,
  process: Process,
  scheduler: Scheduler,
  actor: Actor,
  policy: Policy,
): Delivery {
  const clock: Clock = { now: () => process.now(), sleep: (milliseconds) => process.sleep(milliseconds) };
  const registry = {
    resolve: (ref: string) =>
      process.call(`registry.resolve ${ref.slice(0, 12)}`, {
        takesMs: 1_000,
        faults: ['fail'],
        apply: () =>
          [...world.manifests.values()].find(({ image }) => image.copies.some((copy) => copy.ref === ref))?.image
            .digest,
      }),
  };
  return {
    ledger: ledgerFor(world, process, () => scheduler.nowMs),
    deployer: deployerFor(world, process, scheduler),
    provers: {
      'app-runner': proverOf('app-runner', world, process),
      'cloud-run': proverOf('cloud-run', world, process),
      'app-service': proverOf('app-service', world, process),
    },
    registries: { aws: registry, gcp: registry, azure: registry },
    goldens: {
      read: (_manifest, cloud) =>
        process.call(`goldens.read ${cloud}`, {
          takesMs: 1_000,
          faults: ['fail'],
          apply: () => [{ model: 'wine', golden }],
        }),
    },
    clock,
    newId: () => process.newId(),
    policy,
    stacks: targets,
    actor,
    timeScale: 1,
    report: () => {},
    emulated: true,
    fetch: (input) => {
      const url = new URL(String(input));
      return process.call(`fetch ${url.hostname}${url.pathname}`, {
        takesMs: 1_000,
        faults: ['fail', 'time-out'],
        apply: () => answerOf(world, url),
      });
    },
  };
}

function deployerFor(world: World, process: Process, scheduler: Scheduler): Deployer {
  async function deploy(stack: Stack, request: DeploymentRequest, options?: RunOptions): Promise<DeploymentResult> {
    await takeLock(world, process, stack);
    try {
      await options?.guard?.();
      return await up(stack, request);
    } finally {
      world.locks.delete(stack.name);
    }
  }

  function up(stack: Stack, { manifest, ...staged }: DeploymentRequest): Promise<DeploymentResult> {
    const { stage } = staged;
    const release = releaseIdOf(manifest);
    const state = world.state(stack.name);
    const quality = world.qualityOn(stack.name, release);
    const tell = () => world.witness.changed({ stack, release, stage, by: process });
    const order = ++state.orders;
    const late = () => {
      tell();
      bringUpHalf(stack, state, manifest, staged, quality);
    };
    return process.call(`deployer.deploy ${stack.name} ${stage} ${release}`, {
      takesMs: 180_000,
      faults: ['fail', 'lost', 'half-apply', 'time-out'],
      apply: () => {
        // Clouds take orders as they were sent: that of a process which died does not come after a newer one.
        if (!process.alive && state.orders !== order) return { outcome: 'applied', diagnostics: [] };
        tell();
        return bringUp(stack, state, manifest, staged, quality);
      },
      halfApply: late,
      // Clouds take one operation after another: whatever comes next on this stack comes after it.
      applyLate: (afterMs) => {
        state.pending = true;
        state.late = late;
        scheduler.in(afterMs, () => {
          if (state.late !== late) return;
          state.late = undefined;
          late();
        });
      },
    });
  }

  const quick = { takesMs: 4_000, faults: ['fail', 'time-out'] } as const;
  return {
    foundation: () => Promise.reject(new DeliveryError('errored', 'no foundation is deployed here')),
    foundationOutputs: async () => undefined,
    previewFoundation: () => Promise.reject(new DeliveryError('errored', 'no foundation is deployed here')),
    deployed: (stack) =>
      process.call(`deployer.deployed ${stack.name}`, { ...quick, apply: () => world.state(stack.name).outputs }),
    preview: (stack, { manifest }) =>
      process.call(`deployer.preview ${stack.name}`, {
        ...quick,
        takesMs: 20_000,
        apply: () => ({
          stack: stack.name,
          fingerprint: `${world.state(stack.name).applied ?? 'nothing'} to ${releaseIdOf(manifest)}`,
          changes: [],
        }),
      }),
    drift: (stack) => process.call(`deployer.drift ${stack.name}`, { ...quick, apply: () => [] }),
    deploy,
    freeLock: (stack) =>
      process.call(`deployer.freeLock ${stack.name}`, {
        ...quick,
        apply: () => {
          const holder = world.locks.get(stack.name);
          if (holder === undefined) return { removed: [], held: [] };
          if (!isKnownDead(holder, process)) return { removed: [], held: [holder.name] };
          world.locks.delete(stack.name);
          return { removed: [holder.name], held: [] };
        },
      }),
    destroy: (stack) => process.call(`deployer.destroy ${String(stack)}`, { ...quick, apply: () => undefined }),
  };
}

/** @throws DeliveryError `stack-locked`. */
async function takeLock(world: World, process: Process, stack: Stack): Promise<void> {
  for (let time = 0; time < lockWait.times; time++) {
    const free = await process.call(`deployer.lock ${stack.name}`, {
      takesMs: 2_000,
      faults: [],
      apply: () => {
        const holder = world.locks.get(stack.name);
        if (holder !== undefined && holder !== process && !isKnownDead(holder, process)) return false;
        world.locks.set(stack.name, process);
        return true;
      },
    });
    if (free) return;
    await process.sleep(lockWait.everyMs);
  }
  throw new DeliveryError('stack-locked', `${stack.name} is locked`);
}

/** From another machine nobody can tell, and a lock that might be held is held. */
function isKnownDead(holder: Process, asking: Process): boolean {
  return !holder.alive && holder.machine === asking.machine;
}
