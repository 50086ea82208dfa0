import { expect, test } from 'vitest';
import { importIdOf } from '../../pulumi/import-ids.ts';
import { importDocument } from '../../pulumi/leftovers.ts';

const google = { account: 'acme', region: 'europe-west1' };
const azure = { account: '00000000-0000-4000-8000-000000000001', region: undefined };

test.each([
  ['gcp:cloudrunv2/service:Service', { name: 's' }, google, 'projects/acme/locations/europe-west1/services/s'],
  [
    'gcp:cloudrunv2/service:Service',
    { name: 's', project: 'other', location: 'us-east1' },
    google,
    'projects/other/locations/us-east1/services/s',
  ],
  [
    'gcp:serviceaccount/account:Account',
    { accountId: 'a' },
    google,
    'projects/acme/serviceAccounts/a@acme.iam.gserviceaccount.com',
  ],
  ['aws:iam/role:Role', { name: 'trireme-dev' }, google, 'trireme-dev'],
  [
    'azure-native:web:WebApp',
    { name: 's', resourceGroupName: 'g' },
    azure,
    `/subscriptions/${azure.account}/resourceGroups/g/providers/Microsoft.Web/sites/s`,
  ],
  [
    'azure-native:web:WebAppSlot',
    { name: 's', slot: 'c', resourceGroupName: 'g' },
    azure,
    `/subscriptions/${azure.account}/resourceGroups/g/providers/Microsoft.Web/sites/s/slots/c`,
  ],
  ['azure-native:web:WebApp', { name: 's' }, azure, undefined],
  ['gcp:storage/bucket:Bucket', { name: { '4dabf18193072939515e22adb298388d': 'secret' } }, google, undefined],
  ['aws:apprunner/service:Service', { serviceName: 's' }, google, undefined],
])('%s %j is imported as it is called', (type, inputs, place, id) => {
  expect(importIdOf({ type, inputs }, place)).toBe(id);
});

test('an import says whose child each is, and of which provider', () => {
  const one = { urn: 'u', name: 'service', type: 't', inputs: {}, id: 'i' };
  const component = 'urn:pulumi:gcp-dev::trireme::trireme:gcp:PredictionService::prediction-service';
  const provider = 'urn:pulumi:gcp-dev::trireme::pulumi:providers:gcp::gcp';
  const document = importDocument([{ ...one, parent: component, provider: `${provider}::1-2` }]);
  expect(document).toEqual({
    nameTable: { 'at-0': component, 'at-1': provider },
    resources: [{ type: 't', name: 'service', id: 'i', parent: 'at-0', provider: 'at-1' }],
  });
});
