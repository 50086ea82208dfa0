// Where alarms are heard: a topic with an e-mail address, in each region alarms are in, because an alarm and its topic must share theirs.
import { Topic } from '@pulumi/aws/sns/topic.js';
import { TopicSubscription } from '@pulumi/aws/sns/topicSubscription.js';
import type { CustomResourceOptions, Output } from '@pulumi/pulumi';
import { project } from '../../names.ts';
import { uptimeRegion } from '../uptime.ts';

export interface AlarmChannelArgs {
  readonly email: string;
  readonly region: string;
  readonly suffix: string;
  readonly tags: Record<string, string>;
}

/** ARNs of the topics, by the names a foundation hands them out under. */
export function createAlarmChannels(
  args: AlarmChannelArgs,
  options: CustomResourceOptions,
): Readonly<Record<string, Output<string>>> {
  const own = createChannel(args, 'alarm', {}, options);
  if (args.region === uptimeRegion) return { alarmChannel: own };
  const uptime = createChannel(args, 'uptime-alarm', { region: uptimeRegion }, options);
  return { alarmChannel: own, [`alarmChannel.${uptimeRegion}`]: uptime };
}

/** Unencrypted: what alarms say is no secret, and CloudWatch may not use the key AWS has for topics. */
function createChannel(
  { email, suffix, tags }: AlarmChannelArgs,
  name: string,
  place: { readonly region?: string },
  options: CustomResourceOptions,
): Output<string> {
  const topic = new Topic(`${name}-channel${suffix}`, { name: `${project}-alarms`, tags, ...place }, options);
  new TopicSubscription(
    `${name}-email${suffix}`,
    { topic: topic.arn, protocol: 'email', endpoint: email, ...place },
    options,
  );
  return topic.arn;
}
