// What App Runner makes of a service's configuration: the container it starts, and the rules of its front end. Pure.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { appRunner } from '../../../clouds/aws/app-runner/runtime.ts';
import type { Scaling } from '../../runtimes/autoscaler.ts';
import type { Container } from '../../runtimes/container.ts';
import type { FrontDoorRules } from '../../runtimes/front-door.ts';
import type { AutoScaling } from './scaling.ts';

const variables = z.record(z.string().max(51_200), z.string().max(51_200));

/** Members and limits as the API's own model has them: https://docs.aws.amazon.com/apprunner/latest/api/API_SourceConfiguration.html */
export const sourceConfiguration = z.strictObject({
  ImageRepository: z.strictObject({
    ImageIdentifier: z.string().max(1024),
    ImageRepositoryType: z.enum(['ECR', 'ECR_PUBLIC']),
    ImageConfiguration: z
      .strictObject({
        Port: z
          .string()
          .regex(/^\d{1,5}$/)
          .optional(),
        StartCommand: z.string().optional(),
        RuntimeEnvironmentVariables: variables.optional(),
        RuntimeEnvironmentSecrets: variables.optional(),
      })
      .optional(),
  }),
  AutoDeploymentsEnabled: z.boolean().optional(),
  AuthenticationConfiguration: z.strictObject({ AccessRoleArn: z.string().min(29).optional() }).optional(),
});
export type SourceConfiguration = z.infer<typeof sourceConfiguration>;

const threshold = z.int().min(1).max(20);
export const healthCheckConfiguration = z.strictObject({
  Protocol: z.enum(['TCP', 'HTTP']).default('TCP'),
  Path: z.string().min(1).default('/'),
  Interval: threshold.default(appRunner.start.periodSeconds.value),
  Timeout: threshold.default(appRunner.start.timeoutSeconds.value),
  HealthyThreshold: threshold.default(1),
  UnhealthyThreshold: threshold.default(5),
});
export type HealthCheckConfiguration = z.infer<typeof healthCheckConfiguration>;

export interface ServiceSettings {
  readonly source: SourceConfiguration;
  readonly health: HealthCheckConfiguration;
  readonly scaling: AutoScaling;
}

export function containerOf(settings: ServiceSettings): Container {
  const image = settings.source.ImageRepository;
  const { Port, StartCommand, RuntimeEnvironmentVariables } = image.ImageConfiguration ?? {};
  const { health } = settings;
  const port = Number(Port ?? 8080);
  return {
    imageRef: image.ImageIdentifier,
    port,
    injectsPort: appRunner.injectsPort.value,
    variables: { ...RuntimeEnvironmentVariables, PORT: String(port) },
    ...(StartCommand === undefined ? {} : { entrypoint: StartCommand.trim().split(/\s+/) }),
    instances: settings.scaling.MinSize,
    probe: {
      target:
        health.Protocol === 'TCP'
          ? { kind: 'tcp' }
          : { kind: 'http', path: health.Path, accepts: (status) => status === 200 },
      initialDelaySeconds: 0,
      periodSeconds: health.Interval,
      timeoutSeconds: health.Timeout,
      limitSeconds: health.Interval * health.UnhealthyThreshold,
    },
    drainSeconds: appRunner.drainSeconds.value,
  };
}

export function scalingOf({ scaling }: Pick<ServiceSettings, 'scaling'>): Scaling {
  const { MinSize: min, MaxSize: max, MaxConcurrency: concurrency } = scaling;
  return { rule: appRunner.autoscaling.value, min, max, capacity: { concurrency }, cpus: 1 };
}

export function frontDoorOf(settings: Pick<ServiceSettings, 'scaling'>): FrontDoorRules {
  return {
    requestDeadlineSeconds: appRunner.requestDeadlineSeconds.value,
    bodyLimitBytes: appRunner.bodyLimitBytes.value,
    concurrency: settings.scaling.MaxConcurrency,
    requestHeaders: ({ headers, socket }) => ({
      'x-forwarded-for': [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', '),
      'x-forwarded-proto': 'http',
      // Overwritten whatever the client sent: https://github.com/aws/apprunner-roadmap/issues/124
      'x-request-id': randomUUID(),
    }),
    unavailable: { status: 503, body: 'no healthy upstream' },
    saturated: {
      status: 503,
      body: 'upstream connect error or disconnect/reset before headers. reset reason: overflow',
    },
  };
}

/** The API's own pattern, without ECR Public: https://docs.aws.amazon.com/apprunner/latest/api/API_ImageRepository.html */
const imageIdentifier =
  /^\d{12}\.dkr\.ecr\.[a-z-]+-\d\.amazonaws\.com\/(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*(?::[\w+\-=.:/@]+|@[\w:]+)?$/;

/** What CreateService and UpdateService refuse at once. @returns every fault. */
export function refusals(source: SourceConfiguration): readonly string[] {
  const image = source.ImageRepository;
  const names = [
    ...Object.keys(image.ImageConfiguration?.RuntimeEnvironmentVariables ?? {}),
    ...Object.keys(image.ImageConfiguration?.RuntimeEnvironmentSecrets ?? {}),
  ];
  const faults: string[] = [];
  if (!imageIdentifier.test(image.ImageIdentifier)) {
    faults.push(`Invalid ImageIdentifier ${image.ImageIdentifier}: expected an image in Amazon ECR`);
  }
  if (image.ImageRepositoryType === 'ECR' && source.AuthenticationConfiguration?.AccessRoleArn === undefined) {
    faults.push('Authentication configuration is invalid: AccessRoleArn is required for images in ECR');
  }
  if (source.AutoDeploymentsEnabled !== false && image.ImageIdentifier.includes('@')) {
    faults.push('AutoDeploymentsEnabled must be false for an image that is named by its digest');
  }
  for (const name of names.filter((one) => one.startsWith('AWSAPPRUNNER'))) {
    faults.push(`Environment variable names starting with AWSAPPRUNNER are reserved: ${name}`);
  }
  return faults;
}
