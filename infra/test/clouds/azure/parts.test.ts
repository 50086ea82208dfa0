import { output } from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { siteSettings } from '../../../clouds/azure/app-service/settings.ts';
import { databaseUrl } from '../../../clouds/azure/database.ts';
import { dnsRecords, securedBinding } from '../../../clouds/azure/domain.ts';
import { suffixFor } from '../../../clouds/azure/foundation.ts';
import { tagsFor } from '../../../clouds/azure/place.ts';
import { linkedPart } from '../../../clouds/azure/private-access.ts';
import type { ReleaseArgs } from '../../../contract/service.ts';

const release = { releaseId: 'rel-1-000000000000', imageDigest: 'sha256:1' } as unknown as ReleaseArgs;
const config = { env: { GREETING: 'hello' }, secrets: { API_KEY: 'keys/api-key' } };

describe('the settings of a site', () => {
  it('are the same without anything made beside it, in one order', () => {
    const settings = siteSettings(config, release);
    const names = settings.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names).not.toContain('DATABASE_URL');
    expect(settings).toContainEqual({
      name: 'API_KEY',
      value: '@Microsoft.KeyVault(VaultName=keys;SecretName=api-key)',
    });
  });

  it('name a database by its secret, never by its password', async () => {
    const settings = siteSettings(config, release, {
      databaseSecret: output('secrets1/database-url'),
      objectStoreUrl: output('https://store.blob.core.windows.net/trireme'),
      clientId: output('client'),
    });
    const values = await new Promise<Record<string, string>>((resolve) => {
      output(settings).apply((all) => resolve(Object.fromEntries(all.map(({ name, value }) => [name, value]))));
    });
    expect(values).toMatchObject({
      DATABASE_URL: '@Microsoft.KeyVault(VaultName=secrets1;SecretName=database-url)',
      OBJECT_STORE_URL: 'https://store.blob.core.windows.net/trireme',
      AZURE_CLIENT_ID: 'client',
    });
  });
});

describe('what is made beside a site', () => {
  it.each([
    ['mysql', 'mysql://trireme:pass@host:3306/trireme'],
    ['postgresql', 'postgresql://trireme:pass@host:5432/trireme?sslmode=require'],
  ] as const)('has an address: %s', (engine, url) => {
    expect(databaseUrl(engine, 'host', 'pass')).toBe(url);
  });

  it('says a name’s records, a line each', () => {
    expect(dnsRecords('a.example.org', 'a.azurewebsites.net', 'ID')).toBe(
      'a.example.org CNAME a.azurewebsites.net\nasuid.a.example.org TXT ID',
    );
  });

  it('binds a name again with its certificate, and nothing else', () => {
    expect(securedBinding('site', 'a.example.org', 'AB').resources).toEqual([
      expect.objectContaining({
        type: 'Microsoft.Web/sites/hostNameBindings',
        name: 'site/a.example.org',
        properties: { sslState: 'SniEnabled', thumbprint: 'AB' },
      }),
    ]);
  });

  it('is linked by the site or by its slot', () => {
    expect([linkedPart(undefined), linkedPart('candidate')]).toEqual(['sites', 'sites-candidate']);
  });

  it('carries tags in one order, and the platform’s own win', () => {
    const tags = tagsFor('prod', { team: 'ml', project: 'other', 'cost-centre': '42' });
    expect(Object.entries(tags)).toEqual([
      ['cost-centre', '42'],
      ['environment', 'prod'],
      ['managed-by', 'pulumi'],
      ['project', 'trireme'],
      ['team', 'ml'],
    ]);
  });

  it('has names that fit the vendor’s: a storage account’s are the shortest', () => {
    const suffix = suffixFor('00000000-0000-4000-8000-000000000001');
    for (const name of [`triremeprod${suffix}`, `triremestate${suffix}`]) expect(name).toMatch(/^[a-z0-9]{3,24}$/);
  });
});
