// `trireme rehearse`: sets the stage, tells the story, says how it went, and leaves nothing running that was not asked to stay.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readEnvironment, type Variables } from '../cli/environment.ts';
import { table } from '../cli/output.ts';
import { findInstallation } from '../cli/plain-pulumi.ts';
import type { BuildOptions } from '../cli/release-steps.ts';
import { readWiredStacks } from '../cli/wiring.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Report } from '../contract/ports.ts';
import { statusTable } from '../delivery/status.ts';
import { approvals } from './approval.ts';
import { createCheckout } from './checkout.ts';
import { type EmulatedClouds, startClouds } from './clouds.ts';
import { type ControlName, spoiler } from './controls.ts';
import { createDisplay, type Screen } from './display.ts';
import { keepWords } from './keep.ts';
import { closingRows, type RehearsalReport, reportOf } from './report.ts';
import { cloudsToRehearse, openStage, type Stage } from './stage.ts';
import { createSteps, StepStopped } from './steps.ts';
import { type Told, tellStory } from './story.ts';
import { watchBriefly, watchedSeconds } from './watch.ts';

export interface RehearsalOptions {
  /** The checkout that is rehearsed; the rehearsal works in a copy. */
  readonly project: string;
  readonly shell: Variables;
  readonly screen: Screen;
  readonly interactive: boolean;
  readonly approveAs?: string | undefined;
  readonly ask: boolean;
  /** Where the report goes. */
  readonly jsonFile?: string | undefined;
  /** Leave the emulated clouds running. */
  readonly keep: boolean;
  readonly timeScale: number;
  /** With a container engine, or by trireme itself. */
  readonly build: BuildOptions;
  readonly control?: ControlName | undefined;
  readonly signal: AbortSignal;
  /** What is for people to read at the end: stdout. */
  readonly print: (text: string) => void;
}

/** How long an interrupted rehearsal may take to end well before it just ends; its children end with it. */
const graceSeconds = 10;

/** @returns the report; it is `ok` only when every step was observed. @throws DeliveryError for what went wrong before the story began, and `interrupted`. */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { project, shell, signal, screen } = options;
  const now = () => performance.now();
  const started = now();
  const display = createDisplay(screen, now);
  const steps = createSteps(display, now);
  const told: Told = { releases: [], approvals: [], traffic: [] };
  signal.addEventListener('abort', () => setTimeout(() => process.exit(130), graceSeconds * 1000).unref(), {
    once: true,
  });
  let clouds: EmulatedClouds | undefined;
  let stage: Stage | undefined;
  let ok = false;

  try {
    const askApproval = approvals({ ...options, display });
    // Before anything is made or started: a malformed or unfinished set of stack files is the person's to mend.
    cloudsToRehearse((await readWiredStacks(await readEnvironment(() => {}, shell, project))).stacks);
    const folder = await makeFolder(project);
    display.chapter('The stage: emulated clouds, the real engine, a checkout in which Dana commits');
    const report: Report = ({ message }) => display.say(message);
    await steps.run('find the Pulumi CLI', async () => {
      await findInstallation(await readEnvironment(() => {}, shell, project), report, signal);
    });
    const root = path.join(folder, 'checkout');
    stage = await steps.run('start the emulated clouds and copy the checkout', async () => {
      const checkout = await createCheckout(project, root, shell.PATH ?? '');
      clouds = await startClouds({
        project,
        directory: path.join(root, '.trireme', 'emulator'),
        timeScale: options.timeScale,
        stay: options.keep,
        variables: shell,
      });
      await watchBriefly(checkout, options.timeScale);
      return openStage(checkout, shell, report, options.build);
    });
    if (clouds === undefined) throw new Error('the emulated clouds were started');
    const spoil = spoiler(options.control, stage, clouds);
    await tellStory({ stage, steps, display, askApproval, spoil, signal, told });
    ok = true;
  } catch (error) {
    if (signal.aborted)
      throw new DeliveryError('interrupted', 'the rehearsal was interrupted; nothing was left running', {
        cause: error,
      });
    if (!(error instanceof StepStopped)) throw error;
    if (isBug(error.cause)) throw error.cause;
  } finally {
    display.close();
    if (!options.keep || signal.aborted || stage === undefined) await clouds?.stop();
  }

  const result = await conclude(options, stage, told, { ok, seconds: (now() - started) / 1000, steps: steps.records });
  if (options.keep && stage !== undefined) {
    options.print(await keepWords(stage));
    clouds?.leave();
  } else if (stage !== undefined) {
    await sweep(stage);
  }
  return result;
}

async function conclude(
  options: RehearsalOptions,
  stage: Stage | undefined,
  told: Told,
  { ok, seconds, steps }: { readonly ok: boolean; readonly seconds: number; readonly steps: RehearsalReport['steps'] },
): Promise<RehearsalReport> {
  const facts = stage === undefined ? [] : await stage.facts();
  const status = statusTable(facts, stage?.stacks ?? [], {}, Date.now());
  const report = reportOf(told, steps, status, { ok, seconds, timeScale: options.timeScale });
  if (told.releases.length > 0) options.print(`\n${table(closingRows(told, status))}\n`);
  if (report.requests.sent > 0) {
    options.print(`requests to prod: ${report.requests.sent} sent without retries, ${report.requests.lost} lost`);
  }
  if (stage !== undefined) options.print(`ledger: ${stage.environment.ledger} (${facts.length} facts)`);
  options.print(
    `took ${seconds.toFixed(0)} s; the emulated clouds' waiting was ${options.timeScale} times shorter than the real ones'`,
  );
  if (stage !== undefined) {
    options.print(
      `after each promotion the requests of ${watchedSeconds} s were watched, by each vendor's metrics; policy.yaml says how long yours are`,
    );
  }
  if (options.jsonFile !== undefined) await writeReport(options.jsonFile, report);
  return report;
}

async function writeReport(file: string, report: RehearsalReport): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (cause) {
    throw new DeliveryError('state-unwritable', `expected to write the report to ${file}; found ${String(cause)}`, {
      cause,
    });
  }
}

/** Rehearsals that are remembered; older ones are removed when a new one begins. */
const remembered = 3;

async function makeFolder(project: string): Promise<string> {
  const parent = path.join(project, '.trireme', 'rehearsals');
  try {
    const stamp = new Date().toISOString().replace(/[:.]/g, '-');
    const folder = path.join(parent, `${stamp}-${process.pid}`);
    await mkdir(folder, { recursive: true });
    const all = (await readdir(parent)).sort();
    for (const name of all.slice(0, Math.max(0, all.length - remembered))) await removeEnded(path.join(parent, name));
    return folder;
  } catch (cause) {
    throw new DeliveryError('state-unwritable', `expected to write below ${parent}; found ${String(cause)}`, { cause });
  }
}

/** One that was kept still has its clouds: what they run on stays. */
async function removeEnded(folder: string): Promise<void> {
  const environment = await readEnvironment(() => {}, {}, path.join(folder, 'checkout')).catch(() => undefined);
  if (environment?.emulated === undefined) await rm(folder, { recursive: true, force: true });
}

/** Keeps what can be read later, the ledger and the manifests; images, models and engine state are made again by the next rehearsal. */
async function sweep({ environment: { stateDirectory, ledger } }: Stage): Promise<void> {
  const kept = [ledger, path.join(stateDirectory, 'releases')];
  const isKept = (entry: string) => kept.some((one) => one === entry || one.startsWith(`${entry}${path.sep}`));
  for (const folder of [stateDirectory, path.dirname(ledger)]) {
    for (const name of await readdir(folder)) {
      const entry = path.join(folder, name);
      if (!isKept(entry)) await rm(entry, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

function isBug(error: unknown): boolean {
  return !(error instanceof DeliveryError);
}
