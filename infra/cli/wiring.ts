// Gives delivery its ports: the one place where rules meet Pulumi, registries, control planes and git.

import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../contract/clock.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Actor } from '../contract/fact.ts';
import type { Report } from '../contract/ports.ts';
import type { Stack } from '../contract/stack.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { StackDrift } from '../delivery/drift.ts';
import { parsePolicy } from '../delivery/policy.ts';
import { type GitLedger, ledgerBranch, openLedger } from '../ledger/git.ts';
import { runGit } from '../ledger/git-command.ts';
import { tellingLedger } from '../notice/ledger.ts';
import { driftNotice } from '../notice/message.ts';
import { noticeSender, webhookNotifier } from '../notice/webhook.ts';
import type { RegistryClient } from '../registry/client.ts';
import { openAttestations } from './attestations.ts';
import { type CliEnvironment, ledgerCache, refuseLeftovers } from './environment.ts';
import { sshSignatures } from './ssh-signature.ts';
import type { StackFiles } from './stack-files.ts';

/** What deciding needs without any cloud: `approve`, `status` and `history` start fast with it. */
export type Office = Pick<Delivery, 'ledger' | 'clock' | 'policy' | 'emulated' | 'actor' | 'signatures'>;

export interface WiredDelivery extends Delivery {
  /** The registries' own client: releases are published with it. */
  readonly client: RegistryClient;
}

/** @throws DeliveryError `config-invalid` with every fault of every stack file. */
export async function readWiredStacks({ checkout }: CliEnvironment): Promise<StackFiles> {
  const { readStackFiles } = await import('./stack-files.ts');
  return readStackFiles(join(checkout, 'stacks'));
}

export async function wireLedger(environment: CliEnvironment): Promise<Office & { readonly ledger: GitLedger }> {
  const { checkout, stateDirectory, ledger: repository } = environment;
  await makeState(stateDirectory);
  const [ledger, policyText, actor] = await Promise.all([
    openLedger({
      repository,
      cache: ledgerCache(stateDirectory, repository),
      clock: systemClock,
      commit: await ledgerCommits(environment),
    }),
    readFile(join(checkout, 'policy.yaml'), 'utf8').catch((cause: unknown) => {
      throw new DeliveryError(
        'document-invalid',
        `expected the rules in ${join(checkout, 'policy.yaml')}; found no file`,
        { cause },
      );
    }),
    actorOf(environment),
  ]);
  return {
    ledger: toldTo(environment, ledger),
    clock: systemClock,
    policy: parsePolicy(policyText),
    emulated: environment.emulated !== undefined,
    actor,
    signatures: sshSignatures(environment.shell),
  };
}

/** Everything. Finds the Pulumi CLI, which can take minutes the first time on a machine. */
export async function wireDelivery(
  environment: CliEnvironment,
  files: StackFiles,
  report: Report,
): Promise<WiredDelivery> {
  refuseLeftovers(environment);
  const { emulated, variables } = environment;
  const [
    office,
    { openRegistries, goldensIn },
    { provers, trafficReaders },
    { openDeployer },
    { predictionPreviewer },
  ] = await Promise.all([
    wireLedger(environment),
    import('./registries.ts'),
    import('../clouds/index.ts'),
    import('./deployer.ts'),
    import('./prediction-preview.ts'),
  ]);
  const timeScale = emulated?.timeScale ?? 1;
  const client = await openRegistries(environment);
  return {
    ...office,
    client,
    attestations: openAttestations(environment),
    deployer: await openDeployer(environment, systemClock, report),
    provers: provers({ variables, clock: systemClock, timeScale }),
    traffic: trafficReaders({ variables, clock: systemClock, timeScale }),
    registries: { aws: client, gcp: client, azure: client },
    goldens: goldensIn(client),
    previewer: predictionPreviewer(environment, client),
    newId: randomUUID,
    stacks: files.stacks,
    timeScale,
    report,
    fetch,
  };
}

/** As much as reading logs needs: no ledger, no registries. */
export async function wireLogs(environment: CliEnvironment, report: Report) {
  refuseLeftovers(environment);
  const { emulated, variables } = environment;
  const [{ logReaders }, { openDeployer }] = await Promise.all([import('../clouds/index.ts'), import('./deployer.ts')]);
  const deployer = await openDeployer(environment, systemClock, report);
  return {
    deployed: (stack: Stack) => deployer.deployed(stack),
    readers: logReaders({ variables, clock: systemClock, timeScale: emulated?.timeScale ?? 1 }),
  };
}

/** With a webhook, people hear of new facts that wait for them or went wrong. */
function toldTo(environment: CliEnvironment, ledger: GitLedger): GitLedger {
  const { noticeWebhook: url } = environment;
  return url === undefined
    ? ledger
    : tellingLedger(ledger, webhookNotifier({ url, fetch, talk, run: runOf(environment) }));
}

/** With a webhook, people hear that stacks differ from what was declared, or that nobody could look. */
export async function tellDrift(environment: CliEnvironment, stacks: readonly StackDrift[]): Promise<void> {
  const { noticeWebhook: url } = environment;
  const notice = driftNotice(stacks, runOf(environment));
  if (url !== undefined && notice !== undefined) await noticeSender({ url, fetch, talk })(notice);
}

/** The run of GitHub Actions that this is, where it is one. */
function runOf({ actions }: CliEnvironment): string | undefined {
  return actions && `${actions.serverUrl}/${actions.repository}/actions/runs/${actions.runId}`;
}

function talk(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** On GitHub's own repository, from inside one of its runs, GitHub makes and signs the commits; unset: `git push`. */
async function ledgerCommits({ ledger, ledgerCommitsBy, actions, emulated }: CliEnvironment) {
  if (actions === undefined || emulated !== undefined || ledgerCommitsBy === 'git') return undefined;
  const { repositoryOnGithub, githubCommits } = await import('../github/ledger-commits.ts');
  const repository = repositoryOnGithub(ledger, actions.serverUrl);
  return repository === undefined ? undefined : githubCommits({ ...actions, repository }, ledgerBranch);
}

/** Where the shell does not say who acts, git's own user does. */
async function actorOf({ login, actions, checkout }: CliEnvironment): Promise<Actor> {
  const via = actions === undefined ? 'local' : 'github';
  if (login !== undefined) return { login, via };
  for (const key of ['user.name', 'user.email']) {
    const found = await runGit(['-C', checkout, 'config', '--get', key]);
    const value = found.stdout.toString().trim();
    if (found.code === 0 && value !== '') return { login: value, via };
  }
  const { userInfo } = await import('node:os');
  return { login: userInfo().username, via };
}

async function makeState(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DeliveryError('state-unwritable', `expected to write in ${directory}; found ${why}`, { cause });
  });
}
