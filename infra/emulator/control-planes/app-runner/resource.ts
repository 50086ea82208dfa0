// How App Runner's API shows a service: whole, and in a list. Pure.
import type { AppRunnerService } from './service.ts';

export function describeService(service: AppRunnerService): Record<string, unknown> {
  const { settings } = service;
  const { scaling } = settings;
  return {
    ...service.described,
    ServiceName: service.name,
    ServiceId: service.id,
    ServiceArn: service.arn,
    // Without a scheme, as the vendor's: `<id>.<region>.awsapprunner.com`.
    ServiceUrl: service.hosted.url.replace('http://', ''),
    CreatedAt: service.createdAt,
    UpdatedAt: service.updatedAt,
    ...(service.deletedAt === undefined ? {} : { DeletedAt: service.deletedAt }),
    Status: service.status,
    SourceConfiguration: settings.source,
    HealthCheckConfiguration: settings.health,
    AutoScalingConfigurationSummary: {
      AutoScalingConfigurationArn: scaling.AutoScalingConfigurationArn,
      AutoScalingConfigurationName: scaling.AutoScalingConfigurationName,
      AutoScalingConfigurationRevision: scaling.AutoScalingConfigurationRevision,
    },
  };
}

export function summarize(service: AppRunnerService): Record<string, unknown> {
  return {
    ServiceName: service.name,
    ServiceId: service.id,
    ServiceArn: service.arn,
    ServiceUrl: service.hosted.url.replace('http://', ''),
    CreatedAt: service.createdAt,
    UpdatedAt: service.updatedAt,
    Status: service.status,
  };
}
