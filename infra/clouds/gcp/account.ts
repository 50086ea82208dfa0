// Google Cloud as somebody with credentials sees it: the project, its APIs, its Cloud Run.
import { z } from 'zod';
import type { AccountWords, CloudAccount, Login } from '../account.ts';
import { ask } from '../connection.ts';
import { googleAccessToken } from './access-token.ts';
import { ownSecrets, secretVersion } from './secret-names.ts';

export const gcpWords: AccountWords = {
  vendor: 'Google Cloud',
  unit: 'project',
  // https://cloud.google.com/iam/docs/conditions-resource-attributes: of the first three, conditions know no names.
  shares: 'Cloud Run services, alarms and log sinks, and secrets whose names do not say that they are of one of them',
  unguarded: (secrets, environment) =>
    secrets.map((named) => secretVersion(named).secret).filter((name) => !name.startsWith(ownSecrets(environment))),
  logIn: 'gcloud auth application-default login, and export GOOGLE_PROJECT=<project>',
  switchOnByHand: (names, account) => `gcloud services enable ${names.join(' ')} --project ${account}`,
  regions: 'https://cloud.google.com/run/docs/locations',
};

type Variables = Readonly<Record<string, string | undefined>>;

/** What the foundation needs before it can switch on the rest: https://cloud.google.com/service-usage/docs/enable-disable */
const firstApis = ['cloudresourcemanager.googleapis.com', 'serviceusage.googleapis.com'];

const enabledApis = z.object({ services: z.array(z.object({ name: z.string(), state: z.string() })).default([]) });
const runLocations = z.object({ locations: z.array(z.object({ locationId: z.string() })).default([]) });
const runServices = z.object({ services: z.array(z.unknown()).default([]) });

export function gcpAccount(variables: Variables): CloudAccount {
  const emulated = variables.TRIREME_EMULATOR !== undefined;
  const token = googleAccessToken();
  const connection = { token, fetch };
  const own = emulated ? variables.CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN : undefined;
  const run = (own ?? 'https://run.googleapis.com').replace(/\/+$/, '');
  const api = `https://serviceusage.googleapis.com/v1/projects`;

  return {
    async login() {
      const account = variables.GOOGLE_PROJECT ?? variables.GOOGLE_CLOUD_PROJECT ?? variables.CLOUDSDK_CORE_PROJECT;
      if (emulated) return { account: account ?? '', who: 'the emulated clouds' };
      const who = await whoHas(await token());
      if (account === undefined) throw new Error('logged in, and no project is named: export GOOGLE_PROJECT');
      return { account, who };
    },
    async switchedOff({ account }) {
      if (emulated) return [];
      const names = firstApis.map((name) => `names=projects/${account}/services/${name}`).join('&');
      const { services } = await parsed(ask(connection, `${api}/${account}/services:batchGet?${names}`), enabledApis);
      const on = services.filter(({ state }) => state === 'ENABLED').map(({ name }) => name.split('/').at(-1));
      return firstApis.filter((name) => !on.includes(name));
    },
    async switchOn({ account }, names) {
      const body = { serviceIds: [...names] };
      await ask(connection, `${api}/${account}/services:batchEnable`, { method: 'POST', body });
    },
    async offers(_, region, { account }) {
      if (emulated) return true;
      const { locations } = await parsed(ask(connection, `${run}/v1/projects/${account}/locations`), runLocations);
      return locations.some(({ locationId }) => locationId === region);
    },
    async read(_, region, { account }: Login) {
      const found = await parsed(
        ask(connection, `${run}/v2/projects/${account}/locations/${region}/services`),
        runServices,
      );
      return found.services.length;
    },
  };
}

/** https://cloud.google.com/docs/authentication/token-types#access-tokens: the token itself says whose it is. */
async function whoHas(token: string): Promise<string> {
  const answer = await fetch('https://oauth2.googleapis.com/tokeninfo', {
    method: 'POST',
    body: new URLSearchParams({ access_token: token }),
  });
  const said = z.object({ email: z.string().optional() }).safeParse(await answer.json().catch(() => undefined));
  return said.data?.email ?? 'somebody with a valid token';
}

async function parsed<T>(answer: Promise<{ readonly text: string }>, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(JSON.parse((await answer).text));
}
