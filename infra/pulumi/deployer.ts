// Pulumi as delivery sees it: stacks, releases and plans in delivery's words, over the engine.
import type { EngineEvent, PulumiFn } from '@pulumi/pulumi/automation/index.js';
import { z } from 'zod';
import type { ResourceDrift } from '../contract/drift.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Deployer, DeploymentRequest, RunOptions } from '../contract/ports.ts';
import { copyFor, identityOf, type ReleaseIdentity } from '../contract/release.ts';
import { refusedReplacement, replacementLines } from '../contract/replacement.ts';
import {
  type CurrentRelease,
  type DeployedService,
  deployedService,
  type ReleaseArgs,
  type Stage,
} from '../contract/service.ts';
import { type Cloud, foundationOf, type Stack as ServiceStack } from '../contract/stack.ts';
import { driftOf } from './drift.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { ignoreDroppedEngineCalls } from './engine-calls.ts';
import { Judged } from './judged.ts';
import { type Ended, endedOf, isOnlyNotDeleted } from './not-deleted.ts';
import { changesSomething, nameOf, planOf, type Step, stepOf } from './plan.ts';
import { policyWarnings, type Violation, violationOf } from './policy-pack.ts';
import { stateRecovery } from './stack-recovery.ts';

/** The two Pulumi programs, as functions of what the stack files do not say. */
export interface DeliveryProgram {
  service(args: {
    readonly stack: ServiceStack;
    readonly release: ReleaseArgs;
    readonly stage: Stage;
    readonly sharePercent?: number | undefined;
    /** Text of the stack file to go by; left out: the checkout's. */
    readonly stackFile?: string | undefined;
    /** Of the release that stays live beside a candidate; left out: as what is staged has it. */
    readonly liveStackFile?: string | undefined;
    readonly secretsAsOf?: string | undefined;
    readonly retry?: number | undefined;
    readonly current?: CurrentRelease;
  }): PulumiFn;
  foundation(args: { readonly cloud: Cloud }): PulumiFn;
  /** As the deployer's own. */
  readonly runtimeIn?: Deployer['runtimeIn'];
}

export interface DeployerOptions extends EngineOptions {
  readonly program: DeliveryProgram;
}

export function createDeployer(options: DeployerOptions): Deployer {
  ignoreDroppedEngineCalls();
  const engine = new Engine(options);
  const { program } = options;
  const judged = new Judged();

  /**
   * A rule that is broken must stop an update before it begins, not between two resources, and so must a service that would be taken away
   * unsaid. What is not known before the update is judged by that alone. A vendor's refusal is left to the update to meet.
   */
  async function judgeFirst(stack: ServiceStack, request: DeploymentRequest, run: RunOptions): Promise<void> {
    const lines = judged.of(stack.name, request) ?? (await wouldTakeAway(stack, request, run));
    judged.note(stack.name, request, lines);
    if (lines.length > 0 && request.mayReplace !== true) throw refusedReplacement(lines, stack.environment);
  }

  async function wouldTakeAway(
    stack: ServiceStack,
    request: DeploymentRequest,
    run: RunOptions,
  ): Promise<readonly string[]> {
    const steps: Step[] = [];
    const program = await serviceProgram(stack, request);
    // What a restoration finds in the cloud decides what it changes.
    const operation = request.readsBack === true ? 'restore-preview' : 'preview';
    const failure = await engine.run(stack.name, program, run, operation, collect(steps));
    if (failure?.kind === 'error') throw failure.error;
    return replacementLines([planOf(stack.name, steps)]);
  }

  async function serviceProgram(stack: ServiceStack, request: DeploymentRequest): Promise<PulumiFn> {
    const { manifest, stage, sharePercent, stackFile, liveStackFile } = request;
    const current = await deployed(stack);
    const release = identityOf(manifest);
    const runsIt = current?.release.releaseId === release.releaseId;
    return program.service({
      stack,
      stage,
      sharePercent,
      stackFile,
      liveStackFile,
      secretsAsOf: request.secretsAsOf ?? current?.secretsAsOf,
      retry: request.retry ?? (runsIt ? current.retry : undefined),
      release: { ...release, imageRef: copyFor(manifest, stack.cloud) },
      ...(current === undefined ? {} : { current: currentRelease(current) }),
    });
  }

  async function deployed(stack: ServiceStack): Promise<DeployedService | undefined> {
    const state = await engine.backend.state(stack.name);
    if (state?.outputs.endpoint === undefined) return undefined;
    const service = parseOutputs(stack.name, deployedService, state.outputs);
    return state.runtime === undefined ? service : { ...service, runtime: state.runtime };
  }

  return {
    deployed,
    ...(program.runtimeIn === undefined ? {} : { runtimeIn: program.runtimeIn }),

    async preview(stack, request, run = {}) {
      const steps: Step[] = [];
      const violations: Violation[] = [];
      const failure = await engine.run(stack.name, await serviceProgram(stack, request), run, 'preview', (event) => {
        const step = stepOf(event);
        if (step !== undefined) steps.push(step);
        const violation = violationOf(event);
        if (violation !== undefined) violations.push(violation);
      });
      if (failure === undefined) {
        const plan = planOf(stack.name, steps, policyWarnings(violations));
        judged.note(stack.name, request, replacementLines([plan]));
        return plan;
      }
      throw failure.kind === 'rejected'
        ? new DeliveryError('errored', `${stack.name}: the preview was refused: ${failure.diagnostics.join('; ')}`)
        : failure.error;
    },

    async drift({ name }, run = {}) {
      const found: ResourceDrift[] = [];
      // The engine would make a stack that is not there.
      if ((await engine.backend.state(name)) === undefined) return found;
      const failure = await engine.run(
        name,
        async () => {},
        run,
        'drift',
        (event) => {
          const drift = driftOf(event);
          if (drift !== undefined) found.push(drift);
        },
      );
      if (failure === undefined) return found;
      throw failure.kind === 'rejected'
        ? new DeliveryError('errored', `${name}: not everything could be read: ${failure.diagnostics.join('; ')}`)
        : failure.error;
    },

    async deploy(stack, request, run = {}) {
      const program = await serviceProgram(stack, request);
      // The engine runs the program once it holds the stack's lock.
      const guarded = async () => {
        await run.guard?.();
        return program();
      };
      await judgeFirst(stack, request, run);
      let hasBegun = false;
      const operation = request.readsBack === true ? 'restore' : 'up';
      const failure = await engine.run(stack.name, guarded, run, operation, (event) => {
        const step = stepOf(event);
        hasBegun ||= step !== undefined && changesSomething(step);
      });
      // Refused half-way is as rejected by a vendor: what was changed must be proven, or taken back.
      const isHalfDone = failure?.kind === 'error' && failure.error.code === 'refused' && hasBegun;
      if (failure?.kind === 'error' && !isHalfDone) throw failure.error;
      // What was to be taken away is gone, or will be asked about anew. What is beside it takes nothing away.
      if (request.stage === 'live') judged.forget(stack.name);
      const service = await deployed(stack);
      return {
        outcome: failure === undefined ? 'applied' : 'rejected',
        diagnostics: failure?.kind === 'error' ? [failure.error.message] : (failure?.diagnostics ?? []),
        ...(service === undefined ? {} : { service }),
      };
    },

    async foundation(cloud, run = {}) {
      const name = foundationOf(cloud);
      const ended: Ended[] = [];
      const failure = await engine.run(name, program.foundation({ cloud }), run, 'up', (event) => {
        const one = endedOf(event);
        if (one !== undefined) ended.push(one);
      });
      if (failure?.kind === 'error') throw failure.error;
      if (failure !== undefined && !isOnlyNotDeleted(ended, failure.diagnostics, name)) {
        throw new DeliveryError('failed', `${name}: ${failure.diagnostics.join('; ')}`, {
          hint: 'correct it and run the same command again: what was made stays',
        });
      }
      const outputs = parseOutputs(name, foundationOutputs, (await engine.backend.state(name))?.outputs ?? {});
      // All that is wanted is there. Its outputs do not name what goes any more, so the stacks' next releases let go of it, and only then can
      // it be deleted: whoever stopped here would wait for ever.
      for (const one of failure?.diagnostics ?? []) run.report?.({ stack: name, message: `not deleted yet: ${one}` });
      return outputs;
    },

    async foundationOutputs(cloud) {
      const name = foundationOf(cloud);
      const state = await engine.backend.state(name);
      if (state?.outputs.repository === undefined) return undefined;
      return parseOutputs(name, foundationOutputs, state.outputs);
    },

    async previewFoundation(cloud, run = {}) {
      const name = foundationOf(cloud);
      const steps: Step[] = [];
      const failure = await engine.run(name, program.foundation({ cloud }), run, 'preview', collect(steps));
      if (failure === undefined) return planOf(name, steps);
      throw failure.kind === 'rejected'
        ? new DeliveryError('errored', `${name}: the preview was refused: ${failure.diagnostics.join('; ')}`)
        : failure.error;
    },

    freeLock: (stack) => engine.backend.freeLocks(stack.name),

    async recovery(target, request) {
      const isCloud = typeof target === 'string';
      const stack = isCloud ? foundationOf(target) : target.name;
      const { environment: variables } = options;
      if (isCloud) {
        return stateRecovery({ engine, stack, program: program.foundation({ cloud: target }), variables });
      }
      const known = request === undefined ? undefined : await serviceProgram(target, request);
      return stateRecovery({ engine, stack, program: known, variables });
    },

    async destroy(target, run = {}) {
      const name = typeof target === 'string' ? foundationOf(target) : target.name;
      const state = await engine.backend.state(name);
      if (state === undefined || state.resources.length === 0) return;
      const kept = state.resources.filter((resource) => resource.protected).map(({ urn }) => nameOf(urn));
      // What a failed first deployment left never served anybody, and some of it blocks the next one: App Runner takes no update of a
      // service that could not be created. A foundation has no endpoint and no protection.
      const neverLive = state.outputs.endpoint === undefined;
      if (kept.length > 0 && neverLive) await engine.backend.unprotect(name);
      else if (kept.length > 0) {
        throw new DeliveryError('refused', `${name} is protected: ${kept.join(', ')} would be deleted`, {
          hint: `set \`protect: false\` in the stack file of ${name}, deploy it, then destroy`,
        });
      }
      const failure = await engine.run(name, async () => {}, run, 'destroy');
      if (failure?.kind === 'error') throw failure.error;
      if (failure !== undefined) {
        throw new DeliveryError('failed', `${name}: not everything was deleted: ${failure.diagnostics.join('; ')}`, {
          hint: 'run the same command again: only what is left is deleted',
        });
      }
    },
  };
}

function collect(steps: Step[]): (event: EngineEvent) => void {
  return (event) => {
    const step = stepOf(event);
    if (step !== undefined) steps.push(step);
  };
}

const foundationOutputs = z.object({
  repository: z.string().min(1),
  pullIdentity: z.string(),
  details: z.record(z.string(), z.string()),
});

function parseOutputs<T>(stack: string, schema: z.ZodType<T>, outputs: unknown): T {
  const parsed = schema.safeParse(outputs);
  if (parsed.success) return parsed.data;
  throw new DeliveryError('document-invalid', `${stack}: its outputs: ${z.prettifyError(parsed.error)}`, {
    hint: 'another program wrote this state: deploy the stack again',
  });
}

/** A state names its release in plain strings; they came from a manifest once. */
function currentRelease({ release, ...service }: DeployedService): CurrentRelease {
  const { revision, candidateEndpoint, secretsAsOf, retry } = service;
  const releaseId = release.releaseId as ReleaseIdentity['releaseId'];
  return { ...release, releaseId, revision, candidateEndpoint, secretsAsOf, retry };
}
