// Asks for readiness from several continents every minute.
import { UptimeCheckConfig } from '@pulumi/gcp/monitoring/uptimeCheckConfig.js';
import type { ComponentResource, Input, Output } from '@pulumi/pulumi';
import { type PredictionServiceArgs, readyPath } from '../../contract/service.ts';
import { serviceName } from '../names.ts';
import { labelsOf } from './labels.ts';

/** https://cloud.google.com/monitoring/uptime-checks: a minute is the shortest period. */
export function checkUptime(
  parent: ComponentResource,
  { stack, config }: Pick<PredictionServiceArgs, 'stack' | 'config'>,
  reached: { readonly project: Input<string>; readonly endpoint: Output<string> },
): UptimeCheckConfig | undefined {
  if (!config.uptimeCheck) return undefined;
  const name = serviceName(stack);
  return new UptimeCheckConfig(
    'uptime-check',
    {
      displayName: `${name} is ready`,
      period: '60s',
      timeout: '10s',
      httpCheck: {
        path: readyPath,
        port: 443,
        requestMethod: 'GET',
        useSsl: true,
        validateSsl: true,
        acceptedResponseStatusCodes: [{ statusValue: 200 }],
      },
      monitoredResource: {
        type: 'uptime_url',
        labels: { host: reached.endpoint.apply(hostOf), project_id: reached.project },
      },
      userLabels: labelsOf(config.labels, stack.environment),
    },
    { parent },
  );
}

/** `trireme-dev-abc.a.run.app`; an address that is none is given back as it is. */
function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).hostname : endpoint;
}
