// Azure as somebody with credentials sees it: the subscription, its resource providers, its App Service.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { AccountWords, CloudAccount, Login } from '../account.ts';
import { ask } from '../connection.ts';
import { project } from '../names.ts';
import { azureAccessToken, azureCredentialsFrom } from './access-token.ts';

export const azureWords: AccountWords = {
  vendor: 'Azure',
  unit: 'subscription',
  logIn: 'az login',
  shares: 'networks of the subscription, which either may join',
  switchOnByHand: (names, account) =>
    names.map((name) => `az provider register --namespace ${name} --subscription ${account}`).join(' && '),
  regions: 'https://azure.microsoft.com/explore/global-infrastructure/products-by-region',
};

type Variables = Readonly<Record<string, string | undefined>>;

/** What stacks make resources of: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-services-resource-providers */
const namespaces = [
  'Microsoft.ContainerRegistry',
  'Microsoft.Insights',
  'Microsoft.KeyVault',
  'Microsoft.ManagedIdentity',
  'Microsoft.OperationalInsights',
  'Microsoft.Storage',
  'Microsoft.Web',
];

const subscriptionAnswer = z.object({
  subscriptionId: z.string(),
  displayName: z.string(),
  tenantId: z.string().optional(),
});
const providersAnswer = z.object({
  value: z.array(z.object({ namespace: z.string(), registrationState: z.string() })),
});
const regionsAnswer = z.object({ value: z.array(z.object({ properties: z.object({ displayName: z.string() }) })) });
const sitesAnswer = z.object({ value: z.array(z.unknown()).default([]) });

export function azureAccount(variables: Variables): CloudAccount {
  const emulated = variables.TRIREME_EMULATOR !== undefined;
  const connection = { token: azureAccessToken(azureCredentialsFrom(variables), { fetch, now: Date.now }), fetch };
  const arm = (emulated ? (variables.TRIREME_ARM_ENDPOINT ?? '') : 'https://management.azure.com').replace(/\/+$/, '');
  const at = (account: string, rest: string) => `${arm}/subscriptions/${account}${rest}`;

  return {
    async login() {
      const { ARM_SUBSCRIPTION_ID: named, ARM_TENANT_ID: tenant } = variables;
      if (emulated)
        return { account: named ?? '', who: 'the emulated clouds', ...(tenant === undefined ? {} : { tenant }) };
      const account = named ?? (await subscriptionOfCli());
      const { status, text } = await ask(connection, at(account, '?api-version=2022-12-01'));
      if (status === 404) throw new Error(`this login does not see subscription ${account}`);
      const found = subscriptionAnswer.parse(JSON.parse(text));
      const owner = found.tenantId ?? tenant;
      return {
        account: found.subscriptionId,
        who: found.displayName,
        ...(owner === undefined ? {} : { tenant: owner }),
      };
    },
    async switchedOff({ account }) {
      if (emulated) return [];
      const { text } = await ask(connection, at(account, '/providers?api-version=2022-12-01'));
      const on = providersAnswer
        .parse(JSON.parse(text))
        .value.filter(({ registrationState }) => registrationState === 'Registered')
        .map(({ namespace }) => namespace.toLowerCase());
      return namespaces.filter((name) => !on.includes(name.toLowerCase()));
    },
    async switchOn({ account }, names) {
      for (const name of names) {
        await ask(connection, at(account, `/providers/${name}/register?api-version=2022-12-01`), { method: 'POST' });
      }
    },
    async offers(_, region, { account }) {
      if (emulated) return true;
      const path = '/providers/Microsoft.Web/geoRegions?api-version=2024-04-01&linuxWorkersEnabled=true';
      const { value } = regionsAnswer.parse(JSON.parse((await ask(connection, at(account, path))).text));
      return value.some(({ properties }) => properties.displayName.replaceAll(' ', '').toLowerCase() === region);
    },
    // The group of a stack that was never deployed is not there, which is an answer too.
    async read(_, __, { account }: Login) {
      const path = `/resourceGroups/${project}-dev/providers/Microsoft.Web/sites?api-version=2024-04-01`;
      const { status, text } = await ask(connection, at(account, path));
      return status === 404 ? 0 : sitesAnswer.parse(JSON.parse(text)).value.length;
    },
  };
}

/** https://learn.microsoft.com/cli/azure/account#az-account-show */
async function subscriptionOfCli(): Promise<string> {
  const { stdout } = await promisify(execFile)('az', ['account', 'show', '--output', 'json']);
  return z.object({ id: z.string() }).parse(JSON.parse(stdout)).id;
}
