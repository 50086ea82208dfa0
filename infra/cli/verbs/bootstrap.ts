// `trireme bootstrap <cloud>`: from an account with nothing in it to a foundation: looks, says what it would do and what that costs, asks, does it.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CloudAccount, type Login, within } from '../../clouds/account.ts';
import { accountWords, cloudAccounts } from '../../clouds/accounts.ts';
import { githubStack, parseStackFile } from '../../config.ts';
import { systemClock } from '../../contract/clock.ts';
import { DeliveryError } from '../../contract/errors.ts';
import { tallyInWords } from '../../contract/plan.ts';
import type { FoundationConfig, FoundationOutputs } from '../../contract/service.ts';
import { type Cloud, clouds, foundationOf, nearest } from '../../contract/stack.ts';
import { ask } from '../ask.ts';
import { findRepository } from '../bootstrap/github.ts';
import { whatIsMade } from '../bootstrap/made.ts';
import { type BootstrapFacts, type BootstrapPlan, planBootstrap } from '../bootstrap/plan.ts';
import { withMissingKeys } from '../bootstrap/stack-file.ts';
import { bucketUrl, localBackend, noteMoved, readState } from '../bootstrap/state.ts';
import { agree, tellCost, tellDiff, tellStep } from '../bootstrap/talk.ts';
import { type GithubVariables, variablesFor, withVariables } from '../bootstrap/variables.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { type CliEnvironment, refuseLeftovers } from '../environment.ts';

interface Options {
  readonly yes?: boolean;
  readonly stateBucket?: boolean;
  readonly alarmEmail?: string;
  readonly writeVariables?: boolean;
  readonly json?: boolean;
}

export const bootstrap: Verb = (cli) =>
  verb('bootstrap', 'Walks from an empty account, project or subscription to a foundation; safe to run again')
    .argument('<cloud>', 'aws, gcp or azure')
    .option('--yes', 'do not ask')
    .option('--state-bucket', 'let the foundation make the bucket for Pulumi’s state, and move the state there')
    .option('--alarm-email <address>', 'who is told by alarms')
    .option('--write-variables', 'write what jobs need to know into stacks/Pulumi.github.yaml, without asking')
    .action(async (word: string, options: Options) => {
      const cloud = cloudOf(word);
      refuseLeftovers(cli.environment);
      const facts = await gather(cli, cloud, options);
      const plan = planBootstrap(facts);
      for (const step of plan.steps) tellStep(cli, step);
      const blocked = plan.steps.filter(({ state }) => state === 'blocked');
      const [first] = blocked;
      if (first !== undefined || 'missing' in facts.login) {
        cli.end({
          code: 'failed',
          sentence: `${cloud}: nothing was touched; missing: ${blocked.map(({ what }) => what).join(', ')}`,
          next: first?.repair,
          json: { cloud, changed: false, steps: plan.steps },
        });
        return;
      }
      await walk(cli, { cloud, options, facts, plan, login: facts.login });
    });

interface Walk {
  readonly cloud: Cloud;
  readonly options: Options;
  readonly facts: BootstrapFacts;
  readonly plan: BootstrapPlan;
  readonly login: Login;
}

async function walk(cli: Cli, { cloud, options, facts, plan, login }: Walk): Promise<void> {
  const name = foundationOf(cloud);
  const path = join(cli.environment.checkout, 'stacks', `Pulumi.${name}.yaml`);
  const edited = withMissingKeys(await readFile(path, 'utf8'), plan.missingKeys);
  const begins = edited.diff.length > 0 || plan.switchOn.length > 0;
  if (edited.diff.length > 0) tellDiff(cli, `stacks/Pulumi.${name}.yaml`, edited.diff);
  const config = configIn(name, edited.text);
  // Nothing was touched so far; the file and the switches come before the engine can say what it would make.
  if (begins) await agree(cli, options, 'write these lines and switch on what is off?');
  if (edited.diff.length > 0) await writeFile(path, edited.text);
  if (plan.switchOn.length > 0) await cloudAccounts(cli.environment.variables)[cloud].switchOn(login, plan.switchOn);

  const { environment, url } = await placed(cli.environment, cloud, plan);
  const { openDeployer } = await import('../deployer.ts');
  const deployer = await openDeployer(environment, systemClock, cli.output.report);
  const run = { signal: cli.signal, report: cli.output.report };
  const { changes } = await deployer.previewFoundation(cloud, { signal: cli.signal });
  let outputs = await deployer.foundationOutputs(cloud);
  if (changes.length > 0 || outputs === undefined) {
    cli.output.talk(`${name}: ${tallyInWords(changes)}`, 'bold');
    for (const { why, names } of whatIsMade(changes)) cli.output.talk(`  ${why}: ${names.join(', ')}`);
    await tellCost(cli, cloud, config);
    await agree(cli, options, `bring up ${name}?`);
    outputs = await deployer.foundation(cloud, run);
  }
  const home = plan.backend?.kind === 'local' ? await moved(cli, environment, cloud, config, outputs) : url;
  const variables = variablesFor({
    cloud,
    region: config.region,
    account: login.account,
    tenant: login.tenant,
    outputs,
    backend: home,
    accounts: config.accounts,
  });
  const wrote = await offerVariables(cli, options, facts, variables);
  const changed = begins || changes.length > 0 || wrote;
  cli.end({
    sentence: changed ? `${name} is up: ${outputs.repository}` : `${name} is up, and nothing had to be changed`,
    next: nextFor(cli, facts, variables, plan.backend?.kind === 'local' ? home : undefined),
    json: { cloud, changed, steps: plan.steps, changes: changes.length, outputs, variables, wrote, backend: home },
  });
}

function cloudOf(word: string): Cloud {
  const found = clouds.find((cloud) => cloud === word);
  if (found !== undefined) return found;
  const near = nearest(word, clouds);
  throw new DeliveryError('usage', `expected a cloud, one of ${clouds.join(', ')}; found \`${word}\``, {
    hint: near === undefined ? undefined : `did you mean \`${near}\`?`,
  });
}

/** Asks and changes nothing. */
async function gather({ environment }: Cli, cloud: Cloud, options: Options): Promise<BootstrapFacts> {
  const name = foundationOf(cloud);
  const text = await readFile(join(environment.checkout, 'stacks', `Pulumi.${name}.yaml`), 'utf8').catch(
    (cause: unknown) => {
      throw new DeliveryError('config-invalid', `expected stacks/Pulumi.${name}.yaml; found no file`, {
        hint: `add it, with \`config:\` and \`trireme:region: <region>\``,
        cause,
      });
    },
  );
  const account = cloudAccounts(environment.variables)[cloud];
  const [login, state, github] = await Promise.all([
    loginOf(account),
    readState(environment, cloud),
    findRepository(environment),
  ]);
  const switchedOff = 'missing' in login ? undefined : await account.switchedOff(login).catch(() => undefined);
  return {
    ...{ cloud, words: accountWords[cloud], login, switchedOff, state, github, config: configIn(name, text) },
    asked: { stateBucket: options.stateBucket === true, alarmEmail: options.alarmEmail },
  };
}

export async function loginOf(account: CloudAccount): Promise<Login | { readonly missing: string }> {
  try {
    return await within(15_000, 'its credentials', account.login());
  } catch (error) {
    return { missing: (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '' };
  }
}

function configIn(name: string, text: string): FoundationConfig {
  const found = parseStackFile(name, text);
  if (found.kind !== 'foundation') throw new TypeError(`${name} is no foundation stack`);
  return found.config;
}

async function placed(
  environment: CliEnvironment,
  cloud: Cloud,
  { backend }: BootstrapPlan,
): Promise<{ readonly environment: CliEnvironment; readonly url: string | undefined }> {
  const url = backend === undefined || backend.kind === 'local' ? await localBackend(environment, cloud) : backend.url;
  return { environment: { ...environment, variables: { ...environment.variables, PULUMI_BACKEND_URL: url } }, url };
}

/** @returns where the state is now. */
async function moved(
  { output }: Cli,
  environment: CliEnvironment,
  cloud: Cloud,
  { region }: FoundationConfig,
  outputs: FoundationOutputs,
): Promise<string | undefined> {
  const to = bucketUrl(cloud, region, outputs);
  if (to === undefined) return undefined;
  const [{ moveState }, { findInstallation, openWorkspace }] = await Promise.all([
    import('../../pulumi/move-state.ts'),
    import('../plain-pulumi.ts'),
  ]);
  const [{ command }, workspace] = await Promise.all([
    findInstallation(environment, output.report),
    openWorkspace(environment, false),
  ]);
  await moveState({ workspace, command, environment: environment.variables, stack: foundationOf(cloud), to });
  await noteMoved(environment, cloud, to);
  output.talk(`Pulumi’s state is in ${to} now; every shell and job needs: export PULUMI_BACKEND_URL='${to}'`);
  return to;
}

/** Prints what jobs need to know; writes it where a person says so. @returns was anything written? */
async function offerVariables(
  cli: Cli,
  options: Options,
  facts: BootstrapFacts,
  variables: GithubVariables,
): Promise<boolean> {
  if (Object.keys(variables).length === 0) return false;
  const path = join(cli.environment.checkout, 'stacks', `Pulumi.${githubStack}.yaml`);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) {
    cli.output.data(
      Object.entries(variables)
        .flatMap(([name, values]) => [
          `${name}:`,
          ...Object.entries(values ?? {}).map(([key, value]) => `  ${key}: ${value}`),
        ])
        .join('\n'),
    );
    return false;
  }
  const trusted = 'missing' in facts.github ? facts.config.github : facts.github;
  const edited = withVariables(text, variables, trusted);
  if (edited.diff.length === 0) return false;
  tellDiff(cli, `stacks/Pulumi.${githubStack}.yaml, what jobs on GitHub need to know`, edited.diff);
  const wanted =
    options.writeVariables === true ||
    (cli.interactive && options.yes !== true && /^y(es)?$/i.test(await ask('write these lines? [y/N] ', cli.signal)));
  if (wanted) await writeFile(path, edited.text);
  else cli.output.talk('not written: put them there yourself, or run this again with --write-variables');
  return wanted;
}

function nextFor(
  { environment }: Cli,
  { github }: BootstrapFacts,
  variables: GithubVariables,
  movedTo: string | undefined,
): string {
  const first = movedTo === undefined ? '' : `export PULUMI_BACKEND_URL='${movedTo}', then `;
  if (environment.emulated !== undefined) return `${first}npx trireme release`;
  if ('missing' in github || Object.keys(variables).length === 0) return `${first}npx trireme doctor`;
  return `${first}pulumi up --stack github, and npx trireme doctor`;
}
