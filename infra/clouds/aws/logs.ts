// How long logs are kept: set on the group where the stack makes it, and once a day where the platform makes it by itself.
import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { Schedule } from '@pulumi/aws/scheduler/schedule.js';
import { type ComponentResource, type Input, interpolate, jsonStringify } from '@pulumi/pulumi';

/** For a platform that writes to a group it is given. */
export function createLogGroup(
  parent: ComponentResource,
  args: { readonly name: string; readonly days: number; readonly tags: Record<string, string> },
): LogGroup {
  return new LogGroup('log-group', { name: args.name, retentionInDays: args.days, tags: args.tags }, { parent });
}

export interface RetentionArgs {
  /** `trireme-prod`. */
  readonly service: string;
  /** The groups by a short name, each the last part of its own. */
  readonly groups: Readonly<Record<string, Input<string>>>;
  /** ARN of all of them, with `*`. */
  readonly arn: Input<string>;
  readonly days: number;
  readonly permissionsBoundary: Input<string | undefined>;
  readonly tags: Record<string, string>;
}

export interface Retention {
  readonly role: Role;
  readonly policy: RolePolicy;
  readonly schedules: readonly Schedule[];
}

/**
 * For groups the platform makes under names nobody knows before, and takes no retention for: what exists can't be made by a stack,
 * and what does not can't be set. So EventBridge Scheduler sets it daily, whenever they came to be.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
 */
export function createRetention(parent: ComponentResource, args: RetentionArgs): Retention {
  const role = createRole(parent, args);
  const policy = allowRetention(parent, args, role);
  const schedules = Object.entries(args.groups).map(
    ([short, group]) =>
      new Schedule(
        `log-retention-${short}`,
        {
          name: `${args.service}-log-retention-${short}`,
          description: `Keeps logs of ${args.service} for ${args.days} days`,
          scheduleExpression: 'rate(1 days)',
          flexibleTimeWindow: { mode: 'OFF' },
          target: {
            arn: 'arn:aws:scheduler:::aws-sdk:cloudwatchlogs:putRetentionPolicy',
            roleArn: role.arn,
            input: jsonStringify({ LogGroupName: group, RetentionInDays: args.days }),
          },
        },
        { parent, dependsOn: [policy] },
      ),
  );
  return { role, policy, schedules };
}

function createRole(parent: ComponentResource, { service, permissionsBoundary, tags }: RetentionArgs): Role {
  return new Role(
    'log-retention-role',
    {
      name: `${service}-log-retention`,
      assumeRolePolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'scheduler.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      }),
      permissionsBoundary,
      tags,
    },
    { parent },
  );
}

function allowRetention(parent: ComponentResource, { arn }: RetentionArgs, role: Role): RolePolicy {
  return new RolePolicy(
    'set-log-retention',
    {
      // Named: a name drawn anew in each preview would make each plan another one.
      name: 'set-log-retention',
      role: role.id,
      policy: jsonStringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'logs:PutRetentionPolicy', Resource: interpolate`${arn}` }],
      }),
    },
    { parent },
  );
}
