// How ECS is reached, and how its service ARNs are read.
import { ECSClient } from '@aws-sdk/client-ecs';
import { sdkSettings } from '../sdk.ts';
import type { Exposure } from './judgement.ts';

export function arnOf(coordinates: Readonly<Record<string, string>>): string {
  const { serviceArn } = coordinates;
  if (serviceArn === undefined) throw new TypeError('expected the coordinate serviceArn of an ECS service');
  return serviceArn;
}

/** As the stack file has it; `undefined` for a service that was deployed before it was written down. */
export function exposureOf(coordinates: Readonly<Record<string, string>>): Exposure | undefined {
  const { exposure } = coordinates;
  if (exposure === undefined || exposure === 'public' || exposure === 'private') return exposure;
  throw new TypeError(`expected the coordinate exposure to be public or private; found ${exposure}`);
}

export interface ServiceName {
  readonly region: string;
  readonly cluster: string;
  readonly service: string;
}

/** `arn:aws:ecs:<region>:<account>:service/<cluster>/<service>` */
export function serviceNameOf(serviceArn: string): ServiceName {
  const [, , , region, , resource = ''] = serviceArn.split(':');
  const [kind, cluster, service] = resource.split('/');
  if (region === undefined || kind !== 'service' || cluster === undefined || service === undefined) {
    throw new TypeError(`expected the ARN of an ECS service; found ${serviceArn}`);
  }
  return { region, cluster, service };
}

/** In the service's own region, whatever the machine is set to. */
export function ecsClient(serviceArn: string, endpoint: string | undefined): ECSClient {
  return new ECSClient(sdkSettings('ecs', serviceNameOf(serviceArn).region, endpoint));
}
