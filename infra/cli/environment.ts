// The only place in infra that knows `process.env`, besides the Pulumi program: what this machine says, once, frozen.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { sha256 } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { ActionsRun } from '../github/approvals.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface CliEnvironment {
  /** The repository this command line is in. */
  readonly checkout: string;
  /** Cache, ledger, registries, logs of this checkout. */
  readonly stateDirectory: string;
  /** As the shell has them: for git, container engines and other tools of this machine. */
  readonly shell: Variables;
  /** What the engine, its providers and the provers may see. With emulated clouds, no credential of the shell is among them. */
  readonly variables: Variables;
  /** The emulated clouds, when they are up; real ones otherwise. */
  readonly emulated: EmulatedClouds | undefined;
  /** A folder, or a remote that git can push to. Emulated clouds have one of their own: what happens on them is no fact about real ones. */
  readonly ledger: string;
  /** In GitHub Actions: does GitHub make the ledger's commits through its API, or `git push`? */
  readonly ledgerCommitsBy?: 'github' | 'git';
  /** Who acts, where the shell says so; git knows otherwise. */
  readonly login: string | undefined;
  /** The GitHub Actions run this is, if it is one. */
  readonly actions: ActionsRun | undefined;
  /** A webhook that is told what waits and what went wrong. A secret: whoever knows it can write there. */
  readonly noticeWebhook?: string | undefined;
  /** How GitHub is asked from here, by a person or a job. */
  readonly github: GithubAccess;
}

export interface GithubAccess {
  readonly token: string | undefined;
  /** `owner/name`, where the shell says so. */
  readonly repository: string | undefined;
  readonly apiUrl: string;
}

export interface EmulatedClouds {
  readonly since: string;
  readonly timeScale: number;
}

/** One for each ledger: a cache notices when a ledger was rewritten, and another ledger would look like that. */
export function ledgerCache(stateDirectory: string, repository: string): string {
  return join(stateDirectory, 'cache', `ledger-${sha256(repository).slice(0, 12)}`);
}

/** Emulated clouds have a ledger of their own: neither may pass for a fact about real ones. */
export function emulatedLedger(stateDirectory: string): string {
  return join(stateDirectory, 'emulated-ledger.git');
}

/** @param talk is told, in one line, which clouds will be spoken to. */
export async function readEnvironment(
  talk: (line: string) => void,
  shell: Variables = process.env,
  checkout = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, ''),
): Promise<CliEnvironment> {
  const stateDirectory = join(checkout, '.trireme');
  const found = await emulatorVariables(stateDirectory);
  if (found?.stopped) talk('clouds: real (the emulated ones are not running any more: npx trireme emulator up)');
  const emulated = found === undefined || found.stopped ? undefined : found;
  if (emulated !== undefined) {
    const scale = emulated.timeScale === 1 ? '' : `, their waiting ${emulated.timeScale} times shorter`;
    talk(`clouds: emulated (since ${emulated.since}${scale})`);
  }
  const { PATH, HOME, TMPDIR } = shell;
  const variables = emulated === undefined ? realVariables(shell) : { PATH, HOME, TMPDIR, ...emulated.variables };
  const actions = actionsRun(shell);
  return Object.freeze({
    checkout,
    stateDirectory,
    shell,
    variables,
    emulated: emulated === undefined ? undefined : { since: emulated.since, timeScale: emulated.timeScale },
    ledger:
      emulated === undefined
        ? (shell.TRIREME_LEDGER ?? join(stateDirectory, 'ledger.git'))
        : emulatedLedger(stateDirectory),
    ledgerCommitsBy: shell.TRIREME_LEDGER_COMMITS === 'git' ? 'git' : 'github',
    // In a run of GitHub Actions nobody else can be named: the one who asked may not approve.
    login: actions === undefined ? (shell.TRIREME_ACTOR ?? shell.GITHUB_ACTOR) : shell.GITHUB_ACTOR,
    actions,
    noticeWebhook: noticeWebhook(shell.TRIREME_NOTICE_WEBHOOK, emulated !== undefined),
    github: {
      token: shell.GITHUB_TOKEN || shell.GH_TOKEN || undefined,
      repository: shell.GITHUB_REPOSITORY || undefined,
      apiUrl: shell.GITHUB_API_URL ?? githubApi,
    },
  });
}

/** What happens on emulated clouds is told to nobody but a listener on this machine. @throws DeliveryError `usage`, without the address. */
function noticeWebhook(address: string | undefined, emulated: boolean): string | undefined {
  if (address === undefined || address === '') return undefined;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isHere = url !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url?.protocol !== 'https:' && !(isHere && url.protocol === 'http:')) {
    throw new DeliveryError('usage', 'expected an https address in TRIREME_NOTICE_WEBHOOK; found something else', {
      hint: 'unset it, or give it the address of an incoming webhook',
    });
  }
  return emulated && !isHere ? undefined : address;
}

const githubApi = 'https://api.github.com';

/** An empty passphrase is none: a secret that GitHub does not have arrives so, and would encrypt a state with nothing. */
function realVariables(shell: Variables): Variables {
  return shell.PULUMI_CONFIG_PASSPHRASE === '' ? { ...shell, PULUMI_CONFIG_PASSPHRASE: undefined } : shell;
}

/**
 * A shell that sourced `activate` holds the state, the passphrase and the keys of the emulated clouds: once they are gone, none of it
 * may reach real ones.
 * @throws DeliveryError `emulator-missing`.
 */
export function refuseLeftovers({ emulated, shell }: Pick<CliEnvironment, 'emulated' | 'shell'>): void {
  if (emulated !== undefined || shell.TRIREME_EMULATOR === undefined) return;
  throw new DeliveryError('emulator-missing', 'this shell is set to emulated clouds that do not run any more', {
    hint: 'start them again: npx trireme emulator up; for real clouds open another shell',
  });
}

/**
 * Google's package looks for the project in the environment of the process that the program runs in. Run by `pulumi`, that one has what
 * `emulator.env` says; run by us, it must have the same, or each would undo the other's.
 */
export function shareGoogleProject({ GOOGLE_PROJECT }: Variables): void {
  if (GOOGLE_PROJECT !== undefined) process.env.GOOGLE_PROJECT = GOOGLE_PROJECT;
}

/**
 * gRPC for Node sends even what is meant for this machine through the shell's proxy (https://github.com/grpc/grpc-node/blob/master/doc/environment_variables.md),
 * and the engine talks to our program that way. Go and Node's own HTTP know better.
 */
export function reachLoopbackDirectly({ no_grpc_proxy, no_proxy, NO_PROXY }: Variables = process.env): void {
  const known = no_grpc_proxy ?? no_proxy ?? NO_PROXY;
  process.env.no_grpc_proxy = [known, 'localhost', '127.0.0.1'].filter(Boolean).join(',');
}

/** Left behind by emulated clouds that were killed, the file names a process that is gone. */
async function emulatorVariables(stateDirectory: string) {
  const text = await readFile(join(stateDirectory, 'emulator', 'emulator.env'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const variables: Variables = parseEnv(text.replace(/^export /gm, ''));
  const pid = Number(variables.TRIREME_EMULATOR_PID);
  return {
    variables,
    stopped: !isAlive(pid),
    since: variables.TRIREME_EMULATOR_SINCE ?? 'an unknown time',
    timeScale: Number(variables.TRIREME_TIME_SCALE ?? 1),
  };
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function actionsRun(shell: Variables): ActionsRun | undefined {
  const { GITHUB_ACTIONS, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_TOKEN } = shell;
  if (GITHUB_ACTIONS !== 'true' || !GITHUB_REPOSITORY || !GITHUB_RUN_ID || !GITHUB_TOKEN) return undefined;
  return {
    repository: GITHUB_REPOSITORY,
    runId: GITHUB_RUN_ID,
    token: GITHUB_TOKEN,
    apiUrl: shell.GITHUB_API_URL ?? githubApi,
    serverUrl: shell.GITHUB_SERVER_URL ?? 'https://github.com',
  };
}
