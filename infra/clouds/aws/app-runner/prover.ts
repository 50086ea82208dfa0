// Proves on App Runner's control plane that a release runs, or that it does not.
import { AppRunnerClient, DescribeServiceCommand, ListOperationsCommand } from '@aws-sdk/client-apprunner';
import { z } from 'zod';
import type { Prover } from '../../../contract/ports.ts';
import { type Connection, isLoopback } from '../../connection.ts';
import { paceOf, pollUntilTold, readBaseline, Unanswered } from '../../polling.ts';
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

/** The service's own region, whatever the machine is set to: `arn:aws:apprunner:<region>:…`. */
function clientFor(serviceArn: string, endpoint: string | undefined): AppRunnerClient {
  const region = serviceArn.split(':')[3] ?? '';
  // Named in full, so that no variable of the shell leads a proof elsewhere.
  if (endpoint === undefined)
    return new AppRunnerClient({ region, endpoint: `https://apprunner.${region}.amazonaws.com` });
  // Emulated: the SDK insists on signing, so it signs with a key that opens nothing.
  const throwaway = { credentials: { accessKeyId: 'emulated', secretAccessKey: 'emulated' } };
  return new AppRunnerClient({ region, endpoint, ...(isLoopback(endpoint) ? throwaway : {}) });
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

/** Throttling is an HTTP 400 here: errors are told apart by name, never by status. */
function whenMissing(error: unknown): undefined {
  if (!(error instanceof Error)) throw error;
  if (error.name === 'ResourceNotFoundException') return undefined;
  const refused =
    /AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature|CredentialsProvider|InvalidClientTokenId/;
  throw new Unanswered(`${error.name}: ${error.message}`, { passing: !refused.test(error.name), cause: error });
}
