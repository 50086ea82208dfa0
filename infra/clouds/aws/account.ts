// AWS as somebody with credentials sees it: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
import { lookup } from 'node:dns/promises';
import type { AccountWords, CloudAccount, Login } from '../account.ts';
import { sdkSettings } from './sdk.ts';

export const awsWords: AccountWords = {
  vendor: 'AWS',
  unit: 'account',
  logIn: 'aws sso login',
  shares: 'Route 53 health checks, and secrets that neither name nor tag says are of one of them',
  switchOnByHand: () => '',
  regions: 'https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html',
};

/** A person waits for it. */
const maxAttempts = 2;

type Variables = Readonly<Record<string, string | undefined>>;

export function awsAccount(variables: Variables): CloudAccount {
  return {
    login: () => (variables.TRIREME_EMULATOR === undefined ? callerIdentity() : emulatedLogin(variables)),
    // Nothing has to be switched on in an account.
    switchedOff: async () => [],
    switchOn: async () => {},
    async offers(runtime, region) {
      if (variables.TRIREME_EMULATOR !== undefined) return true;
      return resolves(`${runtime === 'app-runner' ? 'apprunner' : 'ecs'}.${region}.amazonaws.com`);
    },
    read(runtime, region) {
      const of = (name: string) => (variables.TRIREME_EMULATOR === undefined ? undefined : variables[name]);
      return runtime === 'app-runner'
        ? readAppRunner(region, of('AWS_ENDPOINT_URL_APPRUNNER'))
        : readEcs(region, of('AWS_ENDPOINT_URL_ECS'));
    },
  };
}

async function callerIdentity(): Promise<Login> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  // Any region answers; the global one is this.
  const client = new STSClient({ ...sdkSettings('sts', 'us-east-1', undefined), maxAttempts });
  try {
    const { Account: account, Arn: who } = await client.send(new GetCallerIdentityCommand({}));
    if (account === undefined || who === undefined) throw new Error('STS named nobody');
    return { account, who };
  } finally {
    client.destroy();
  }
}

/** The emulated account stands in its registry's name. */
async function emulatedLogin({ TRIREME_REGISTRY_HOSTS = '' }: Variables): Promise<Login> {
  const account = /(\d{12})\.dkr\.ecr\./.exec(TRIREME_REGISTRY_HOSTS)?.[1];
  if (account === undefined) throw new Error('the emulated clouds name no account of AWS');
  return { account, who: 'the emulated clouds' };
}

/** Every regional endpoint has an address of its own; `undefined` where names can't be looked up at all. */
async function resolves(host: string): Promise<boolean | undefined> {
  try {
    await lookup(host);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOTFOUND' ? false : undefined;
  }
}

async function readAppRunner(region: string, endpoint: string | undefined): Promise<number> {
  const { AppRunnerClient, ListServicesCommand } = await import('@aws-sdk/client-apprunner');
  const client = new AppRunnerClient({ ...sdkSettings('apprunner', region, endpoint), maxAttempts });
  try {
    return ((await client.send(new ListServicesCommand({ MaxResults: 20 }))).ServiceSummaryList ?? []).length;
  } finally {
    client.destroy();
  }
}

/** A cluster that is not there yet is an answer too. */
async function readEcs(region: string, endpoint: string | undefined): Promise<number> {
  const { ECSClient, ListTasksCommand, ClusterNotFoundException } = await import('@aws-sdk/client-ecs');
  const client = new ECSClient({ ...sdkSettings('ecs', region, endpoint), maxAttempts });
  try {
    return ((await client.send(new ListTasksCommand({ cluster: 'default' }))).taskArns ?? []).length;
  } catch (error) {
    if (error instanceof ClusterNotFoundException) return 0;
    throw error;
  } finally {
    client.destroy();
  }
}
