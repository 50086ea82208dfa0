// Azure's access tokens: by a service principal's secret or a federated assertion, else by the Azure CLI's login.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';

export type AzureCredentials =
  | { readonly kind: 'secret'; readonly tenantId: string; readonly clientId: string; readonly secret: string }
  | { readonly kind: 'assertion'; readonly tenantId: string; readonly clientId: string; readonly assertion: string }
  | { readonly kind: 'cli' };

/** The variables Pulumi's own `azure-native` provider takes: one login serves both. */
export function azureCredentialsFrom(environment: Readonly<Record<string, string | undefined>>): AzureCredentials {
  const { ARM_TENANT_ID: tenantId, ARM_CLIENT_ID: clientId, ARM_CLIENT_SECRET: secret } = environment;
  const assertion = environment.ARM_OIDC_TOKEN;
  if (tenantId === undefined || clientId === undefined) return { kind: 'cli' };
  if (secret !== undefined) return { kind: 'secret', tenantId, clientId, secret };
  if (assertion !== undefined) return { kind: 'assertion', tenantId, clientId, assertion };
  return { kind: 'cli' };
}

const scope = 'https://management.azure.com/.default';
const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number() });

/** A token is used again until a minute before it ends. */
export function azureAccessToken(
  credentials: AzureCredentials,
  options: { readonly fetch: typeof fetch; readonly now: () => number },
): () => Promise<string> {
  let held: { readonly token: string; readonly until: number } | undefined;
  return async () => {
    if (held !== undefined && options.now() < held.until) return held.token;
    const { access_token: token, expires_in: seconds } = await (credentials.kind === 'cli'
      ? fromCli()
      : fromTenant(credentials, options.fetch));
    held = { token, until: options.now() + (seconds - 60) * 1000 };
    return token;
  };
}

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
async function fromTenant(
  credentials: Exclude<AzureCredentials, { kind: 'cli' }>,
  fetch: typeof globalThis.fetch,
): Promise<z.infer<typeof tokenAnswer>> {
  const proof =
    credentials.kind === 'secret'
      ? { client_secret: credentials.secret }
      : {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: credentials.assertion,
        };
  const response = await fetch(`https://login.microsoftonline.com/${credentials.tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: credentials.clientId,
      scope,
      ...proof,
    }),
  });
  if (!response.ok) throw new Error(`login.microsoftonline.com answered ${response.status} to ${credentials.clientId}`);
  return tokenAnswer.parse(await response.json());
}

/** https://learn.microsoft.com/cli/azure/account#az-account-get-access-token */
async function fromCli(): Promise<z.infer<typeof tokenAnswer>> {
  const words = ['account', 'get-access-token', '--resource', 'https://management.azure.com/', '--output', 'json'];
  const { stdout } = await promisify(execFile)('az', words);
  const { accessToken, expires_on: expiresOn } = z
    .object({ accessToken: z.string(), expires_on: z.number() })
    .parse(JSON.parse(stdout));
  return { access_token: accessToken, expires_in: expiresOn - Date.now() / 1000 };
}
