// Makes a stack's state true again without anybody editing it: locks, pending operations, half-made resources, and what only the cloud has.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PulumiFn } from '@pulumi/pulumi/automation/index.js';
import { DeliveryError } from '../contract/errors.ts';
import type { RunOptions } from '../contract/ports.ts';
import type { Orphan, StateFindings, StateRecovery, StateRepair } from '../contract/recovery.ts';
import type { Engine } from './engine.ts';
import { importIdOf, type Place } from './import-ids.ts';
import { importDocument, type Leftovers, parseLeftovers, type Recorded } from './leftovers.ts';
import { changesSomething, nameOf, stepOf } from './plan.ts';

export interface RecoveryOptions {
  readonly engine: Engine;
  readonly stack: string;
  /** What the stack is to be; `undefined`: nobody knows of which release, and only what the state names can be looked for. */
  readonly program: PulumiFn | undefined;
  /** As the engine's providers have them: where their own inputs name no project or subscription. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

type Candidate = Recorded & { readonly id: string };

export function stateRecovery(options: RecoveryOptions): StateRecovery {
  const { engine, stack, program } = options;
  const read = async () => parseLeftovers(await engine.backend.document(stack));
  /** What the last look found in the cloud, with all that an import needs to know of it. */
  const sought = new Map<string, Candidate>();

  return {
    async look(run, ids = {}) {
      const document = await engine.backend.document(stack);
      const state = parseLeftovers(document);
      const known = new Set(state.resources.map(({ urn }) => urn));
      const creating = state.pending.filter(({ operation, urn }) => operation === 'creating' && !known.has(urn));
      const missing = program === undefined ? [] : await creates(engine, stack, program, run);
      const looked = [...creating, ...missing.filter(({ urn }) => !creating.some((one) => one.urn === urn))];
      const identified = looked.map((one) => ({
        ...one,
        id: ids[one.name] ?? importIdOf(one, placeOf(one, state.resources, options)),
      }));
      const orphans = await existing(engine, stack, { candidates: identified.filter(hasId), known }, run);
      sought.clear();
      for (const orphan of orphans) sought.set(orphan.urn, orphan);
      const unnamed = identified.filter((one) => one.id === undefined && creating.some(({ urn }) => urn === one.urn));
      return {
        stack,
        resources: document === undefined ? null : state.resources.length,
        locks: await engine.backend.locks(stack),
        pending: state.pending.map(({ name, type, operation }) => ({ name, type, operation })),
        halfMade: state.halfMade.map(({ name, type, reasons }) => ({ name, type, reasons })),
        orphans: orphans.map(orphanOf),
        unnamed: unnamed.map(orphanOf),
        idle: idleIds(ids, looked, orphans),
      };
    },

    async repair(findings, { gone, ...run }): Promise<StateRepair> {
      await free(engine, findings, gone, run);
      const wanted = findings.orphans.flatMap(({ urn }) => sought.get(urn) ?? []);
      if (findings.pending.length > 0 || findings.halfMade.length > 0) {
        run.report?.({ stack, message: 'reading every resource back from the cloud' });
        await engine.refresh(stack, run);
      }
      if (wanted.length > 0) {
        run.report?.({ stack, message: `taking in ${wanted.map(({ name }) => name).join(', ')}` });
        const { code, text } = await imported(engine, stack, wanted, false);
        if (code !== 0) throw new DeliveryError('errored', `${stack}: not taken in: ${lastLines(text)}`);
      }
      const after = await read();
      const left = [...after.pending, ...after.halfMade].map(({ name }) => name);
      const next = program === undefined ? undefined : await changes(engine, stack, program, run);
      return { adopted: wanted.map(orphanOf), left: [...new Set(left)], next };
    },
  };
}

async function free(engine: Engine, { stack, locks }: StateFindings, gone: boolean, run: RunOptions): Promise<void> {
  const { held } = await engine.backend.freeLocks(stack);
  if (held.length === 0) return;
  if (!gone) {
    throw new DeliveryError('stack-locked', `${stack}: expected nobody to hold it; found ${held.join(', ')}`, {
      hint: `when that run is known to be gone: npx trireme recover ${stack} --gone`,
    });
  }
  run.report?.({ stack, message: `removing the lock of ${locks.held.join(', ')}` });
  const { code, text } = await engine.backend.ask(['cancel', '--yes', '--stack', stack]);
  if (code !== 0) throw new DeliveryError('errored', `${stack}: its lock could not be removed: ${lastLines(text)}`);
}

/** What an update would create: not yet made, or made and forgotten. */
async function creates(
  engine: Engine,
  stack: string,
  program: PulumiFn,
  run: RunOptions,
): Promise<readonly Recorded[]> {
  const found: Recorded[] = [];
  await previewed(engine, stack, program, run, ({ resourcePreEvent }) => {
    const { op, urn, type, new: after } = resourcePreEvent?.metadata ?? {};
    if (op !== 'create' || urn === undefined || type === undefined || /^(pulumi|trireme):/.test(type)) return;
    const { inputs = {}, parent, provider } = after ?? {};
    const filled = { parent: parent || undefined, provider: provider || undefined };
    found.push({ urn, type, name: nameOf(urn), inputs, ...filled });
  });
  return found;
}

async function changes(engine: Engine, stack: string, program: PulumiFn, run: RunOptions): Promise<readonly string[]> {
  const found: string[] = [];
  await previewed(engine, stack, program, run, (event) => {
    const step = stepOf(event);
    if (step === undefined || !changesSomething(step) || /^(pulumi|trireme):/.test(step.type)) return;
    found.push(`${step.op} ${step.type} ${nameOf(step.urn)}`);
  });
  return found;
}

async function previewed(
  engine: Engine,
  stack: string,
  program: PulumiFn,
  run: RunOptions,
  onEvent: Parameters<Engine['run']>[4],
): Promise<void> {
  const failure = await engine.run(stack, program, run, 'preview', onEvent);
  if (failure?.kind === 'error') throw failure.error;
  if (failure !== undefined) throw new DeliveryError('errored', `${stack}: ${failure.diagnostics.join('; ')}`);
}

/** How often what is not there is left out, and the rest asked for again: one import names all that is missing, or some. */
const attempts = 6;

/** Asks the cloud, which an import that is only previewed does. Whose parent or provider the state has not can't be taken in. */
async function existing(
  engine: Engine,
  stack: string,
  { candidates, known }: { readonly candidates: readonly Candidate[]; readonly known: ReadonlySet<string> },
  run: RunOptions,
): Promise<readonly Candidate[]> {
  const has = (urn: string | undefined) => urn === undefined || known.has(urn.replace(/::[0-9a-f-]{36}$/, ''));
  let left = candidates.filter(({ parent, provider }) => has(parent) && has(provider));
  for (let attempt = 0; attempt < attempts && left.length > 0; attempt++) {
    run.report?.({ stack, message: `asking the cloud for ${left.map(({ name }) => name).join(', ')}` });
    const { code, text } = await imported(engine, stack, left, true);
    if (code === 0) return left;
    const remaining = left.filter(({ id, name }) => !isMissing(text, id, name));
    if (remaining.length === left.length) {
      throw new DeliveryError('errored', `${stack}: the cloud could not be asked what it has: ${lastLines(text)}`);
    }
    left = remaining;
  }
  return left;
}

function isMissing(text: string, id: string, name: string): boolean {
  return text
    .split('\n')
    .some((line) => /does not exist|not found/i.test(line) && (line.includes(`'${id}'`) || line.includes(` ${name} `)));
}

async function imported(engine: Engine, stack: string, wanted: readonly Candidate[], looksOnly: boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'trireme-import-'));
  try {
    const file = join(folder, 'import.json');
    await writeFile(file, JSON.stringify(importDocument(wanted)));
    const words = ['import', '--file', file, '--protect=false', '--generate-code=false', '--stack', stack];
    return await engine.backend.ask([...words, ...(looksOnly ? ['--preview-only'] : ['--yes', '--skip-preview'])]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** By what the provider was given; else by what it made before, whose ids name the project or subscription; else by the machine's variables. */
function placeOf({ provider }: Recorded, resources: Leftovers['resources'], { variables }: RecoveryOptions): Place {
  const found = resources.find(({ urn }) => provider?.startsWith(`${urn}::`));
  const said = (key: string) => (typeof found?.inputs[key] === 'string' ? String(found.inputs[key]) : undefined);
  const made = resources
    .filter((one) => one.provider === provider)
    .map(({ id }) => /^\/?(?:projects|subscriptions)\/([^/]+)\//.exec(id ?? '')?.[1])
    .find((account) => account !== undefined);
  const account = found?.type.endsWith(':azure-native')
    ? (said('subscriptionId') ?? made ?? variables.ARM_SUBSCRIPTION_ID)
    : (said('project') ?? made ?? variables.GOOGLE_PROJECT ?? variables.GOOGLE_CLOUD_PROJECT);
  return { account, region: said('region') };
}

function idleIds(
  ids: Readonly<Record<string, string>>,
  looked: readonly Pick<Recorded, 'name'>[],
  orphans: readonly Pick<Recorded, 'name'>[],
): StateFindings['idle'] {
  const among = (name: string, all: readonly Pick<Recorded, 'name'>[]) => all.some((one) => one.name === name);
  return Object.keys(ids)
    .filter((name) => !among(name, orphans))
    .map((name) => ({ name, why: among(name, looked) ? 'nothing there' : 'not missing' }));
}

function hasId<T extends { readonly id: string | undefined }>(one: T): one is T & { readonly id: string } {
  return one.id !== undefined;
}

function orphanOf({ urn, name, type, id }: Orphan): Orphan {
  return { urn, name, type, id };
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-4).join(' ').trim();
}
