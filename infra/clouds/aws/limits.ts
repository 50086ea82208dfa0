// What AWS accepts of a stack's configuration, whatever runs there.
import { type FoundationConfig, resourceVariables, type ServiceConfig } from '../../contract/service.ts';
import { databaseFaults } from './database-engines.ts';
import { networkFaults } from './network.ts';
import { retentionFaults } from './retention-days.ts';
import { tagFaults } from './tags.ts';

/** A day: the most that CloudWatch looks back on one-minute values. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const mostAlarmMinutes = 1440;

/** Every fault, as `<key>: expected …; found …`. */
export function awsFaults(config: ServiceConfig): string[] {
  return [
    ...accountFaults('account', config.account),
    ...retentionFaults(config.logRetentionDays),
    ...alarmFaults(config),
    ...networkFaults(config),
    ...databaseFaults(config.database),
    ...variableFaults(config),
    ...tagFaults(config.labels),
  ];
}

/** The same of a foundation. */
export function awsFoundationFaults({ accounts, labels }: FoundationConfig): string[] {
  return [
    ...Object.entries(accounts).flatMap(([environment, account]) => accountFaults(`accounts.${environment}`, account)),
    ...tagFaults(labels),
  ];
}

function accountFaults(key: string, account: string | undefined): string[] {
  if (account === undefined || /^\d{12}$/.test(account)) return [];
  return [`${key}: expected an AWS account id, twelve digits; found \`${account}\``];
}

function alarmFaults({ alarms, uptimeCheck, exposure }: ServiceConfig): string[] {
  const minutes = alarms?.notReadyMinutes ?? 0;
  return [
    ...(minutes > mostAlarmMinutes
      ? [`alarms.notReadyMinutes: expected at most ${mostAlarmMinutes} on AWS; found ${minutes}`]
      : []),
    ...(uptimeCheck && exposure === 'private'
      ? ['uptimeCheck: expected false for private exposure, as it asks from the internet; found true']
      : []),
  ];
}

function variableFaults({ env, secrets, database, objectStore }: ServiceConfig): string[] {
  const made = [
    ...(database === undefined ? [] : [resourceVariables.database]),
    ...(objectStore ? [resourceVariables.objectStore] : []),
  ];
  return made
    .filter((name) => name in env || name in secrets)
    .map((name) => `${name}: expected a variable of the service's own; the stack sets this one to what it made`);
}
