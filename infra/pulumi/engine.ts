// The real engine, driven through the Automation API with the program in this process: one stack, one operation, one CLI call.
import { setMaxListeners } from 'node:events';
import { type EngineEvent, LocalWorkspace, type PulumiFn, Stack } from '@pulumi/pulumi/automation/index.js';
import { DeliveryError } from '../contract/errors.ts';
import type { RunOptions } from '../contract/ports.ts';
import { Backend, type BackendOptions } from './backend.ts';
import { EngineExit, type Environment } from './engine-command.ts';
import { type Diagnostic, diagnosticOf, type Failure, failureOf } from './failure.ts';
import { nameOf, type Step, stepOf } from './plan.ts';
import { type PolicyPack, policyRefusal, policyWarnings, type Violation, violationOf } from './policy-pack.ts';
import { lockedError, orphanNotes, removeDeadLocks } from './recovery.ts';

export interface EngineOptions extends BackendOptions {
  /** How long to wait for another update of the same stack. Default: 60. */
  readonly lockWaitSeconds?: number;
  /** Asked on every preview and update. Without one, nothing is refused but by the vendor. */
  readonly policyPack?: PolicyPack | undefined;
}

/** `drift` is a refresh that writes nothing, and takes no lock either; `restore` an update that reads every resource back first, as its preview does. */
export type Operation = 'preview' | 'restore-preview' | 'drift' | 'up' | 'restore' | 'destroy';
/** Locks are dealt with here: nobody else hears of one, but in an error. */
export type Ending = Exclude<Failure, { kind: 'locked' | 'lock-unreadable' }>;

/** Runs one operation on one stack: makes the stack, clears what a killed run left, waits for its turn, watches, says how it ended. */
export class Engine {
  readonly backend: Backend;
  readonly #options: EngineOptions;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.backend = new Backend(options);
  }

  /** Reads every resource back, and forgets creations of which nobody knows how they ended. @throws DeliveryError. */
  async refresh(stack: string, run: RunOptions): Promise<void> {
    await this.backend.mendAttributes(stack);
    const failure = await this.#freeRun(stack, async () => {}, run, 'refresh', undefined, { left: deadLockRemovals });
    if (failure?.kind === 'error') throw failure.error;
    if (failure !== undefined) throw new DeliveryError('errored', `${stack}: ${failure.diagnostics.join('; ')}`);
  }

  /** @returns why it failed, `undefined` when it did not. */
  async run(
    name: string,
    program: PulumiFn,
    run: RunOptions,
    operation: Operation,
    onEvent?: (event: EngineEvent) => void,
    removals: Removals = { left: deadLockRemovals },
  ): Promise<Ending | undefined> {
    if (run.signal?.aborted) throw interruptedError(name);
    await this.backend.mendAttributes(name);
    const state = await this.backend.state(name);
    if (state === undefined) await this.backend.create(name);
    const notes = changesNothing(operation) ? [] : orphanNotes(state?.pending ?? []);
    if (!changesNothing(operation) && state !== undefined && state.pending.length > 0) {
      run.report?.({ stack: name, message: 'an earlier run was killed: reading back what it left' });
      const failure = await this.#freeRun(name, program, run, 'refresh', undefined, removals);
      if (failure !== undefined) return failure;
    }
    const failure = await this.#freeRun(name, program, run, operation, onEvent, removals);
    return failure?.kind === 'rejected' ? { ...failure, diagnostics: [...failure.diagnostics, ...notes] } : failure;
  }

  /** Waits, bounded, while another update holds the stack; a lock whose process is gone is removed, so many times. */
  async #freeRun(
    name: string,
    program: PulumiFn,
    run: RunOptions,
    operation: Operation | 'refresh',
    onEvent: ((event: EngineEvent) => void) | undefined,
    removals: Removals,
  ): Promise<Ending | undefined> {
    const { clock, lockWaitSeconds = 60 } = this.#options;
    const deadline = clock.now() + lockWaitSeconds * 1000;
    for (let attempt = 0; ; attempt++) {
      const failure = await this.#once(name, program, run, operation, onEvent);
      if (failure?.kind === 'error' && cutShort.test(failure.error.message) && attempt < unreadableAttempts) {
        // The killed run's CLI lives on for a second, and may have cut a file short since this run looked.
        await this.#wait(1000, name, run);
        await this.backend.mendAttributes(name);
        continue;
      }
      if (failure === undefined || failure.kind === 'rejected' || failure.kind === 'error') return failure;
      if (failure.kind === 'lock-unreadable') {
        if (attempt >= unreadableAttempts) return { kind: 'error', error: failure.error };
        const removed = await this.backend.removeEmptyLocks(name);
        if (removed) run.report?.({ stack: name, message: 'a lock that was cut short by a full disk: removed' });
        else await this.#wait(1000, name, run);
        continue;
      }
      if (removals.left > 0 && (await removeDeadLocks(failure.text))) {
        removals.left -= 1;
        run.report?.({ stack: name, message: 'a run that was killed held the lock: removed' });
        // The killed run's own operations are in the state: the caller's view of it is old.
        if (!changesNothing(operation) && operation !== 'refresh')
          return this.run(name, program, run, operation, onEvent, removals);
        continue;
      }
      if (clock.now() >= deadline) return { kind: 'error', error: lockedError(name, failure.text, lockWaitSeconds) };
      if (attempt === 0) run.report?.({ stack: name, message: 'another update holds the stack: waiting for it' });
      await this.#wait(1000 + Math.random() * 2000, name, run);
    }
  }

  async #wait(milliseconds: number, stack: string, { signal }: RunOptions): Promise<void> {
    try {
      await this.#options.clock.sleep(milliseconds, signal);
    } catch (error) {
      if (signal?.aborted) throw interruptedError(stack);
      throw error;
    }
  }

  async #once(
    name: string,
    program: PulumiFn,
    run: RunOptions,
    operation: Operation | 'refresh',
    onEvent?: (event: EngineEvent) => void,
  ): Promise<Failure | undefined> {
    const diagnostics: Diagnostic[] = [];
    const violations: Violation[] = [];
    const steps: Step[] = [];
    const stop = new AbortController();
    const signal = run.signal === undefined ? stop.signal : AbortSignal.any([run.signal, stop.signal]);
    setMaxListeners(0, signal);
    let programFault: { readonly error: unknown } | undefined;
    const isPreview = operation === 'preview' || operation === 'restore-preview';
    const judges = isPreview || operation === 'up' || operation === 'restore';
    const pack = judges ? this.#options.policyPack : undefined;
    const served = await pack?.serve({ isPreview });
    const guarded = async () => {
      try {
        return await program();
      } catch (error) {
        // Handed on to Pulumi's runtime it would come back as an unhandled rejection in this process, several times over.
        programFault = { error };
        stop.abort();
        return new Promise<never>(() => {});
      }
    };
    const options = {
      ...(pack === undefined ? {} : { policyPacks: [pack.path] }),
      signal,
      color: 'never' as const,
      suppressProgress: true,
      onEvent(event: EngineEvent) {
        const diagnostic = diagnosticOf(event);
        if (diagnostic !== undefined) diagnostics.push(diagnostic);
        const violation = violationOf(event);
        if (violation !== undefined) violations.push(violation);
        onEvent?.(event);
        const step = stepOf(event);
        if (step === undefined) return;
        steps.push(step);
        if (
          !changesNothing(operation) &&
          /^(create|update|replace|delete)/.test(step.op) &&
          !step.type.startsWith('pulumi:')
        ) {
          run.report?.({ stack: name, message: `${step.op} ${step.type} ${nameOf(step.urn)}` });
        }
      },
    };
    try {
      const stack = await this.#open(name, guarded, served?.variables);
      if (operation === 'preview') await stack.preview(options);
      else if (operation === 'restore-preview') await stack.preview({ ...options, refresh: true });
      else if (operation === 'drift') await stack.previewRefresh(options);
      else if (operation === 'up') await stack.up(options);
      else if (operation === 'restore') await stack.up({ ...options, refresh: true });
      else if (operation === 'destroy') await stack.destroy(options);
      else await stack.refresh({ ...options, clearPendingCreates: true });
      return undefined;
    } catch (error) {
      if (!(error instanceof EngineExit)) throw error;
      const failure = failureOf({
        stack: name,
        diagnostics,
        printed: `${error.run.stderr}\n${error.run.stdout}`,
        interrupted: run.signal?.aborted === true,
        refusal: policyRefusal(name, violations),
        steps,
      });
      // A refusal also ends the calls the program waits for: what they then throw is not the reason.
      const reasonIsKnown = failure.kind !== 'error' || failure.error.code === 'interrupted';
      return programFault === undefined || reasonIsKnown
        ? failure
        : { kind: 'error', error: faultOf(name, programFault.error) };
    } finally {
      served?.close();
      // A preview's warnings are part of its plan.
      const warnings = operation === 'up' || operation === 'restore' ? policyWarnings(violations) : [];
      for (const warning of warnings) run.report?.({ stack: name, message: `policy: ${warning}` });
    }
  }

  /** The stack as the Automation API knows it, without the CLI calls it makes on the way: one to select, three after each update. */
  async #open(name: string, program: PulumiFn, variables: Environment = {}): Promise<Stack> {
    const workspace = await LocalWorkspace.create({
      workDir: this.#options.workspace.directory,
      pulumiCommand: this.backend.command(variables),
      program,
    });
    // Every call names its stack; selecting would write a file that parallel runs share (pulumi/pulumi#8186).
    workspace.selectStack = async () => {};
    const stack = await Stack.select(name, workspace);
    stack.outputs = async () => ({});
    stack.info = async () => undefined;
    return stack;
  }
}

/** What the CLI says of a state whose attribute file is empty. */
const cutShort = /failed to load checkpoint: EOF/;
/** An empty file may also be one that is being written: it gets a moment. */
const unreadableAttempts = 5;

/** How often one call may still remove dead locks: one that is always there again is no leftover, and is waited for as any other. */
interface Removals {
  left: number;
}

const deadLockRemovals = 5;

function changesNothing(operation: Operation | 'refresh'): operation is 'preview' | 'restore-preview' | 'drift' {
  return operation === 'preview' || operation === 'restore-preview' || operation === 'drift';
}

function interruptedError(stack: string): DeliveryError {
  return new DeliveryError('interrupted', `${stack}: interrupted before anything was started`);
}

function faultOf(stack: string, error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new DeliveryError('errored', `${stack}: the Pulumi program failed: ${reason}`, { cause: error });
}
