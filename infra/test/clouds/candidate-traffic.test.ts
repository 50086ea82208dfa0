import { expect, it } from 'vitest';
import { appServiceTraffic } from '../../clouds/azure/app-service/traffic.ts';
import { cloudRunTraffic } from '../../clouds/gcp/cloud-run/traffic.ts';
import type { DeployedService } from '../../contract/service.ts';
import { clock } from './emulated-clouds.ts';

const service = (coordinates: Record<string, string>): DeployedService => ({
  endpoint: 'https://service.example',
  revision: 'service-rel-1-aaaaaaaaaa',
  coordinates,
  release: { releaseId: 'rel-1-111111111111', imageDigest: 'd', buildId: 'b', imageRef: 'r' },
});
const onCloudRun = service({
  service: 'projects/p/locations/l/services/service',
  candidate: 'service-rel-2-bbbbbbbbbb',
});
const onAppService = service({ site: '/sites/app', slot: '/sites/app/slots/candidate' });

/** What was asked for, decoded; every answer is an empty one. */
async function asked(of: 'live' | 'candidate' | undefined, runtime: 'cloud-run' | 'app-service'): Promise<string> {
  const urls: string[] = [];
  const connection = {
    clock,
    timeScale: 1,
    token: async () => 'token',
    fetch: async (input: Parameters<typeof fetch>[0]) => {
      urls.push(decodeURIComponent(String(input)).replaceAll('+', ' '));
      return Response.json(runtime === 'cloud-run' ? {} : { value: [] });
    },
  };
  const reader = runtime === 'cloud-run' ? cloudRunTraffic(connection) : appServiceTraffic(connection);
  await reader.read(runtime === 'cloud-run' ? onCloudRun : onAppService, 0, 60_000, of);
  return urls.join('\n');
}

it.each([
  ['cloud-run', undefined, 'revision_name = "service-rel-1-aaaaaaaaaa"'],
  ['cloud-run', 'candidate', 'revision_name = "service-rel-2-bbbbbbbbbb"'],
  ['app-service', undefined, '/sites/app/providers/Microsoft.Insights/metrics'],
  ['app-service', 'candidate', '/sites/app/slots/candidate/providers/Microsoft.Insights/metrics'],
] as const)('on %s the requests of %s are read where they are counted', async (runtime, of, where) => {
  expect(await asked(of, runtime)).toContain(where);
});

it.each(['cloud-run', 'app-service'] as const)(
  'on %s nobody is asked about a candidate that is not there',
  async (runtime) => {
    const without = service({ service: 'projects/p/locations/l/services/service', site: '/sites/app' });
    const connection = {
      clock,
      timeScale: 1,
      token: async () => 'token',
      fetch: () => Promise.reject(new Error('asked')),
    };
    const reader = runtime === 'cloud-run' ? cloudRunTraffic(connection) : appServiceTraffic(connection);
    await expect(reader.read(without, 0, 60_000, 'candidate')).rejects.toThrow(/expected the coordinate/);
  },
);
