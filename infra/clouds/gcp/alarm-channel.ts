// Where alarms go: a mail address, as a notification channel of each project that has alarms.
import { NotificationChannel } from '@pulumi/gcp/monitoring/notificationChannel.js';
import type { ComponentResource, Resource } from '@pulumi/pulumi';
import type { FoundationConfig } from '../../contract/service.ts';
import { project } from '../names.ts';
import { labelsOf } from './labels.ts';

/** A policy may name only channels of its own project: https://cloud.google.com/monitoring/support/notification-options */
export function createAlarmChannel(
  parent: ComponentResource,
  config: FoundationConfig,
  home: { readonly project?: string; readonly suffix: string; readonly apis: readonly Resource[] },
): NotificationChannel | undefined {
  if (config.alarmEmail === undefined) return undefined;
  return new NotificationChannel(
    `alarm-channel${home.suffix}`,
    {
      displayName: `${project} alarms`,
      type: 'email',
      labels: { email_address: config.alarmEmail },
      enabled: true,
      userLabels: labelsOf(config.labels, 'foundation'),
      ...(home.project === undefined ? {} : { project: home.project }),
    },
    { parent, dependsOn: [...home.apis] },
  );
}
