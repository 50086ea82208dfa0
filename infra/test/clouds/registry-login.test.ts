import { describe, expect, it } from 'vitest';
import { ecrLogin } from '../../clouds/aws/registry-login.ts';
import { azureAccessToken, azureCredentialsFrom } from '../../clouds/azure/access-token.ts';
import { acrLogin } from '../../clouds/azure/registry-login.ts';
import { parseChallenge } from '../../clouds/challenge.ts';
import { artifactRegistryLogin } from '../../clouds/gcp/registry-login.ts';
import { registryLogin } from '../../clouds/index.ts';

const acrChallenge =
  'Bearer realm="https://x12345.azurecr.io/oauth2/token",service="x12345.azurecr.io",scope="repository:trireme:pull,push"';

function recording(answers: readonly object[]) {
  const sent: { url: string; form: Record<string, string> }[] = [];
  const fetch = async (url: string | URL | Request, init?: RequestInit) => {
    sent.push({ url: String(url), form: Object.fromEntries(new URLSearchParams(String(init?.body))) });
    return Response.json(answers[sent.length - 1] ?? {});
  };
  return { sent, fetch };
}

describe('logging in to a registry', () => {
  it('reads a challenge', () => {
    expect(parseChallenge(acrChallenge)).toEqual({
      scheme: 'bearer',
      parameters: {
        realm: 'https://x12345.azurecr.io/oauth2/token',
        service: 'x12345.azurecr.io',
        scope: 'repository:trireme:pull,push',
      },
    });
  });

  it('asks ECR for a token in the registry’s own region', async () => {
    const regions: string[] = [];
    const login = ecrLogin({
      async authorizationToken(region) {
        regions.push(region);
        return 'QVdTOng=';
      },
    });
    expect(await login('123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'Basic realm="x"')).toBe('Basic QVdTOng=');
    expect(await login('registry.example', 'Basic realm="x"')).toBeUndefined();
    expect(regions).toEqual(['eu-west-1']);
  });

  it('gives Artifact Registry an access token as a password', async () => {
    const login = artifactRegistryLogin(async () => 'token');
    const header = await login('europe-west1-docker.pkg.dev', 'Bearer realm="x"');
    expect(Buffer.from(header?.replace('Basic ', '') ?? '', 'base64').toString()).toBe('oauth2accesstoken:token');
  });

  it('exchanges an Azure token for one of the registry that opens what was asked for', async () => {
    const { sent, fetch } = recording([{ refresh_token: 'refresh' }, { access_token: 'access' }]);
    const login = acrLogin({ token: async () => 'entra', fetch });
    expect(await login('x12345.azurecr.io', acrChallenge)).toBe('Bearer access');
    expect(sent).toEqual([
      {
        url: 'https://x12345.azurecr.io/oauth2/exchange',
        form: { grant_type: 'access_token', service: 'x12345.azurecr.io', access_token: 'entra' },
      },
      {
        url: 'https://x12345.azurecr.io/oauth2/token',
        form: {
          grant_type: 'refresh_token',
          service: 'x12345.azurecr.io',
          scope: 'repository:trireme:pull,push',
          refresh_token: 'refresh',
        },
      },
    ]);
  });

  it('sends an Azure token to no other host than the registry, whatever its realm says', async () => {
    const { sent, fetch } = recording([{ refresh_token: 'refresh' }, { access_token: 'access' }]);
    await acrLogin({ token: async () => 'entra', fetch })(
      'x12345.azurecr.io',
      'Bearer realm="https://evil.example/token",service="evil.example",scope="s"',
    );
    expect(sent.map((one) => new URL(one.url).host)).toEqual(['x12345.azurecr.io', 'x12345.azurecr.io']);
  });

  it('knows no login for a host that is no vendor’s', async () => {
    expect(await registryLogin({})('registry.example', 'Basic realm="x"')).toBeUndefined();
  });
});

describe('a login to Azure', () => {
  const principal = { ARM_TENANT_ID: 't', ARM_CLIENT_ID: 'c' };

  it.each([
    [{}, 'cli'],
    [{ ...principal }, 'cli'],
    [{ ...principal, ARM_CLIENT_SECRET: 's' }, 'secret'],
    [{ ...principal, ARM_OIDC_TOKEN: 'a' }, 'assertion'],
  ])('takes the variables of the provider: %o', (variables, kind) => {
    expect(azureCredentialsFrom(variables).kind).toBe(kind);
  });

  it('is used again until a minute before it ends', async () => {
    const { sent, fetch } = recording([
      { access_token: 'one', expires_in: 3600 },
      { access_token: 'two', expires_in: 3600 },
    ]);
    let now = 0;
    const token = azureAccessToken(azureCredentialsFrom({ ...principal, ARM_CLIENT_SECRET: 's' }), {
      fetch,
      now: () => now,
    });
    expect([await token(), await token()]).toEqual(['one', 'one']);
    now = 3_545_000;
    expect(await token()).toBe('two');
    expect(sent[0]?.url).toBe('https://login.microsoftonline.com/t/oauth2/v2.0/token');
    expect(sent[0]?.form).toMatchObject({ grant_type: 'client_credentials', client_secret: 's' });
  });
});
