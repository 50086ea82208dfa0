// Proves on App Runner's control plane that a release runs, or that it does not.
import { AppRunnerClient, DescribeServiceCommand, ListOperationsCommand } from '@aws-sdk/client-apprunner';
import { z } from 'zod';
import type { Prover } from '../../../contract/ports.ts';
import type { Connection } from '../../connection.ts';
import { paceOf, pollUntilTold, readBaseline } from '../../polling.ts';
import { sdkSettings, unansweredBy } from '../sdk.ts';
import { type AppRunnerObservation, judge } from './judgement.ts';
import { appRunner } from './runtime.ts';

/** Rights it needs: `apprunner:DescribeService`, `apprunner:ListOperations`. */
export function appRunnerProver({ endpoint, clock, timeScale }: Connection): Prover {
  return {
    runtime: appRunner,

    async baseline(service) {
      if (service === undefined) return {};
      const serviceArn = arnOf(service.coordinates);
      const client = clientFor(serviceArn, endpoint);
      try {
        return await readBaseline('App Runner', clock, async () => {
          const [newest] = (await observe(client, serviceArn)).operations;
          return newest === undefined ? {} : { operationId: newest.id };
        });
      } finally {
        client.destroy();
      }
    },

    async prove({ service, release, baseline }, { signal } = {}) {
      const serviceArn = arnOf(service.coordinates);
      const before = baselineSchema.parse(baseline);
      const client = clientFor(serviceArn, endpoint);
      try {
        const check = await pollUntilTold({
          look: async () => judge(await observe(client, serviceArn, signal), before, release.imageRef),
          expected: release.imageRef,
          source: `App Runner ${serviceArn}`,
          pace: paceOf(appRunner, timeScale),
          clock,
          signal,
        });
        return [check];
      } finally {
        client.destroy();
      }
    },
  };
}

const baselineSchema = z.object({ operationId: z.string().exactOptional() });

function arnOf(coordinates: Readonly<Record<string, string>>): string {
  const { serviceArn } = coordinates;
  if (serviceArn === undefined) throw new TypeError('expected the coordinate serviceArn of an App Runner service');
  return serviceArn;
}

/** In the service's own region, whatever the machine is set to: `arn:aws:apprunner:<region>:…`. */
function clientFor(serviceArn: string, endpoint: string | undefined): AppRunnerClient {
  return new AppRunnerClient(sdkSettings('apprunner', serviceArn.split(':')[3] ?? '', endpoint));
}

async function observe(
  client: AppRunnerClient,
  serviceArn: string,
  signal?: AbortSignal | undefined,
): Promise<AppRunnerObservation> {
  const options = signal === undefined ? {} : { abortSignal: signal };
  const answered = async <T>(asked: Promise<T>): Promise<T | undefined> => {
    try {
      return await asked;
    } catch (error) {
      return whenMissing(error);
    }
  };
  // Operations first: a service read after them can't be older than what they say.
  const listed = await answered(
    client.send(new ListOperationsCommand({ ServiceArn: serviceArn, MaxResults: 20 }), options),
  );
  const described = await answered(client.send(new DescribeServiceCommand({ ServiceArn: serviceArn }), options));
  const service = described?.Service;
  const image = service?.SourceConfiguration?.ImageRepository?.ImageIdentifier;
  return {
    serviceArn,
    ...(service?.Status === undefined ? {} : { status: service.Status }),
    ...(image === undefined ? {} : { imageIdentifier: image }),
    operations: (listed?.OperationSummaryList ?? []).map(({ Id = '', Type = '', Status = '' }) => ({
      id: Id,
      type: Type,
      status: Status,
    })),
  };
}

function whenMissing(error: unknown): undefined {
  if (!(error instanceof Error)) throw error;
  if (error.name === 'ResourceNotFoundException') return undefined;
  throw unansweredBy(error);
}
