// Asks the clouds what the doctor judges: everything at once, each answer or its refusal by itself. Changes nothing.
import { type CloudAccount, within } from '../../clouds/account.ts';
import { accountWords, cloudAccounts } from '../../clouds/accounts.ts';
import { runtimeRegistry } from '../../clouds/index.ts';
import { parseStackFile } from '../../config.ts';
import { systemClock } from '../../contract/clock.ts';
import type { FoundationConfig } from '../../contract/service.ts';
import { type Cloud, foundationOf } from '../../contract/stack.ts';
import type { CliEnvironment } from '../environment.ts';
import type { StackFiles } from '../stack-files.ts';
import type { Answered, CloudLook, StackLook } from './cloud.ts';

const patienceMs = 20_000;

/** @param hasCli whether a Pulumi CLI is there: to look at a state nothing is installed. */
export function lookAtClouds(
  environment: CliEnvironment,
  files: StackFiles,
  hasCli: boolean,
): Promise<readonly CloudLook[]> {
  const clouds = [...new Set([...files.stacks.map(({ stack }) => stack.cloud), ...files.foundations])];
  return Promise.all(clouds.map((cloud) => lookAt(environment, files, cloud, hasCli)));
}

async function lookAt(
  environment: CliEnvironment,
  files: StackFiles,
  cloud: Cloud,
  hasCli: boolean,
): Promise<CloudLook> {
  const account = cloudAccounts(environment.variables)[cloud];
  const asked = await answer(account.login());
  const common = { cloud, words: accountWords[cloud], emulated: environment.emulated !== undefined };
  if ('refused' in asked) {
    const nothing = { refused: asked.refused };
    return {
      ...common,
      login: { missing: asked.refused },
      stacks: [],
      switchedOff: nothing,
      foundation: undefined,
      registry: undefined,
    };
  }
  const login = asked.value;
  const [stacks, switchedOff, foundation] = await Promise.all([
    Promise.all(stacksOf(files, cloud).map((stack) => lookAtStack(account, login, stack))),
    answer(account.switchedOff(login)),
    repositoryOf(environment, cloud, hasCli),
  ]);
  const repository = foundation !== undefined && 'value' in foundation ? foundation.value : undefined;
  const registry = repository === undefined ? undefined : await registryOf(environment, repository);
  return { ...common, login, stacks, switchedOff, foundation, registry };
}

type Stated = Pick<StackLook, 'name' | 'contract' | 'region' | 'account' | 'environment' | 'secrets'>;

function stacksOf(files: StackFiles, cloud: Cloud): readonly Stated[] {
  const home = foundationIn(files, cloud);
  return files.stacks
    .filter(({ stack }) => stack.cloud === cloud)
    .flatMap(({ stack, runtime }) => {
      const found = parseStackFile(stack.name, files.texts[stack.name] ?? '');
      if (found.kind !== 'service') return [];
      const account = found.config.account ?? home?.accounts[stack.environment];
      const { region, secrets } = found.config;
      const { name, environment } = stack;
      const { contract } = runtimeRegistry[runtime];
      return [{ name, contract, region, account, environment, secrets: Object.values(secrets) }];
    });
}

function foundationIn(files: StackFiles, cloud: Cloud): FoundationConfig | undefined {
  const text = files.texts[foundationOf(cloud)];
  const found = text === undefined ? undefined : parseStackFile(foundationOf(cloud), text);
  return found?.kind === 'foundation' ? found.config : undefined;
}

async function lookAtStack(
  account: CloudAccount,
  login: { account: string; who: string },
  stack: Stated,
): Promise<StackLook> {
  const { name } = stack.contract;
  const [offered, read] = await Promise.all([
    answer(account.offers(name, stack.region, login)),
    answer(account.read(name, stack.region, login)),
  ]);
  return { ...stack, offered, read };
}

/** `undefined`: nobody said where the state is, or there is no CLI to read it with. */
async function repositoryOf(
  environment: CliEnvironment,
  cloud: Cloud,
  hasCli: boolean,
): Promise<Answered<string | undefined> | undefined> {
  if (!hasCli || environment.variables.PULUMI_BACKEND_URL === undefined) return undefined;
  const { openDeployer } = await import('../deployer.ts');
  const asked = openDeployer(environment, systemClock, () => {}).then((deployer) => deployer.foundationOutputs(cloud));
  const found = await answer(asked);
  return 'refused' in found ? found : { value: found.value?.repository };
}

/** Any tag: that there is none is an answer of a registry that lets one in. */
async function registryOf(environment: CliEnvironment, repository: string): Promise<Answered<true>> {
  const { openRegistries } = await import('../registries.ts');
  const asked = openRegistries(environment).then((client) => client.resolve(`${repository}:doctor`));
  const found = await answer(asked);
  return 'refused' in found ? found : { value: true };
}

/** Whatever is thrown is a vendor's answer here, and no bug. */
async function answer<T>(work: Promise<T>): Promise<Answered<T>> {
  try {
    return { value: await within(patienceMs, 'the vendor', work) };
  } catch (error) {
    const words = error instanceof Error ? error.message || error.name : String(error);
    return { refused: (words.split('\n')[0] ?? words).slice(0, 300) };
  }
}
