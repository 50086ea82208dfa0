// SNS as Pulumi's `aws` provider shows it: topics and who is subscribed to them.
import { randomUUID } from 'node:crypto';
import { text } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function topic(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'sns/topic',
    shelf: account.shelf('sns/topic'),
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'namePrefix', 'fifoTopic', 'region'],
    computed: ['region'],
    // https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    validate: (inputs) => pattern(inputs, 'name', /^[\w-]{1,256}$/),
    idOf: (inputs, context) => `arn:aws:sns:${account.region(inputs, context)}:${account.id}:${text(inputs, 'name')}`,
    alreadyExists: () => undefined,
    create: (_inputs, _context, id) => ({ arn: id, owner: account.id }),
    derive: (inputs, context) => account.derive(inputs, context),
  });
}

export function topicSubscription(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'sns/topicSubscription',
    shelf: account.shelf('sns/topicSubscription'),
    replaceOnChanges: ['endpoint', 'protocol', 'topic', 'region'],
    computed: ['region'],
    validate: (inputs) => [
      // https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
      ...oneOf(inputs, 'protocol', [
        'application',
        'email',
        'email-json',
        'firehose',
        'http',
        'https',
        'lambda',
        'sms',
        'sqs',
      ]),
      ...(inputs.protocol === 'email' ? pattern(inputs, 'endpoint', /^[^\s@]+@[^\s@]+\.[^\s@]+$/) : []),
    ],
    idOf: (inputs) => `${text(inputs, 'topic')}:${randomUUID()}`,
    alreadyExists: () => undefined,
    create(inputs, context, id) {
      const of = text(inputs, 'topic') ?? '';
      if (account.shelf('sns/topic').get(of) === undefined) {
        throw new CloudRefusal(
          'operation error SNS: Subscribe, https response error StatusCode: 404, NotFoundException: Topic does not exist',
        );
      }
      const [, , , theirs = ''] = of.split(':');
      if (theirs !== account.region(inputs, context)) {
        throw new CloudRefusal(
          'operation error SNS: Subscribe, https response error StatusCode: 400, InvalidParameterException: Invalid parameter: TopicArn',
        );
      }
      // Until whoever it is has clicked.
      return { arn: id, ownerId: account.id, pendingConfirmation: true, confirmationWasAuthenticated: false };
    },
    derive: (inputs, context) => ({ region: account.region(inputs, context) }),
  });
}
