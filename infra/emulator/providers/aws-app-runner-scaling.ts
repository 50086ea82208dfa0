// App Runner's automatic scaling configurations as Pulumi's `aws` provider drives them.
import { projected } from '../engine/input-diff.ts';
import { type Properties, text } from '../engine/property.ts';
import type { ResourceContext, ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import {
  type AppRunnerWorld,
  camelCased,
  member,
  pascalCased,
  request,
  retag,
  unlessMissing,
  wireTags,
  without,
} from './aws-app-runner-wire.ts';
import { pattern, range } from './input-rule.ts';
import { tagsOf } from './stored-resource.ts';

/** Immutable at the vendor: every change is another revision under the same name. */
export function appRunnerScaling(world: AppRunnerWorld, account: AwsAccount): ResourceModel {
  const show = (scaling: Properties, inputs: Properties, context: ResourceContext): Properties => ({
    ...camelCased(without(scaling, ['AutoScalingConfigurationArn', 'CreatedAt', 'DeletedAt'])),
    arn: scaling.AutoScalingConfigurationArn ?? '',
    ...account.derive(inputs, context),
    ...inputs,
  });
  const find = async (arn: string): Promise<Properties | undefined> => {
    const found = await unlessMissing(
      request(world, 'DescribeAutoScalingConfiguration', { AutoScalingConfigurationArn: arn }),
    );
    const scaling = found === undefined ? undefined : member(found, 'AutoScalingConfiguration');
    return scaling?.Status === 'INACTIVE' ? undefined : scaling;
  };
  return {
    module: 'apprunner/autoScalingConfigurationVersion',
    replaceOnChanges: ['autoScalingConfigurationName', 'minSize', 'maxSize', 'maxConcurrency', 'region'],
    computed: ['region'],
    validate: (inputs) => [
      // https://docs.aws.amazon.com/apprunner/latest/api/API_CreateAutoScalingConfiguration.html
      ...pattern(inputs, 'autoScalingConfigurationName', /^[A-Za-z0-9][A-Za-z0-9\-_]{3,31}$/),
      ...range(inputs, 'minSize', 1, 25),
      ...range(inputs, 'maxSize', 1, 25),
      ...range(inputs, 'maxConcurrency', 1, 200),
    ],
    async create(inputs, context) {
      const body = { ...pascalCased(without(inputs, ['tags', 'region'])), ...wireTags(inputs) };
      const scaling = member(await request(world, 'CreateAutoScalingConfiguration', body), 'AutoScalingConfiguration');
      return { id: text(scaling, 'AutoScalingConfigurationArn') ?? '', outputs: show(scaling, inputs, context) };
    },
    async read(id, inputs, context) {
      const scaling = await find(id);
      if (scaling === undefined) return undefined;
      return { outputs: show(scaling, inputs, context), inputs: projected(inputs, camelCased(scaling)) };
    },
    async update(id, inputs, context, previous) {
      await retag(world, id, tagsOf(previous), tagsOf(inputs));
      return show((await find(id)) ?? {}, inputs, context);
    },
    async delete(id) {
      if ((await find(id)) === undefined) return;
      await request(world, 'DeleteAutoScalingConfiguration', { AutoScalingConfigurationArn: id });
    },
  };
}
