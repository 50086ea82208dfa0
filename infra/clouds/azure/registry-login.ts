// Logs in to Azure Container Registry with a login to Azure: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
import { z } from 'zod';
import { parseChallenge } from '../challenge.ts';
import type { RegistryLogin } from '../connection.ts';

/** Rights it needs: AcrPull, to publish AcrPush. */
export function acrLogin({
  token,
  fetch,
}: {
  readonly token: () => Promise<string>;
  readonly fetch: typeof globalThis.fetch;
}): RegistryLogin {
  return async (host, wwwAuthenticate) => {
    const { scheme, parameters } = parseChallenge(wwwAuthenticate);
    // The scope says what the token will open; without one there is nothing to ask for.
    if (scheme !== 'bearer' || parameters.scope === undefined) return undefined;
    const service = parameters.service ?? host;
    // Always at the registry itself: the Azure token must not follow a realm that names another host.
    const exchanged = await post(fetch, `https://${host}/oauth2/exchange`, {
      grant_type: 'access_token',
      service,
      access_token: await token(),
    });
    const { refresh_token: refreshToken } = z.object({ refresh_token: z.string() }).parse(exchanged);
    const granted = await post(fetch, `https://${host}/oauth2/token`, {
      grant_type: 'refresh_token',
      service,
      scope: parameters.scope,
      refresh_token: refreshToken,
    });
    return `Bearer ${z.object({ access_token: z.string() }).parse(granted).access_token}`;
  };
}

async function post(fetch: typeof globalThis.fetch, url: string, form: Record<string, string>): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
  return response.json();
}
