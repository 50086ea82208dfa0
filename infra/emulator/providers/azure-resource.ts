// What most of Azure's resources have in common: a path below their group, a place, one name, and a PUT that is answered when it is done.
import type { NamingRule } from '../engine/autoname.ts';
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type InputFault, type ResourceContext, type ResourceModel } from '../engine/resource-model.ts';
import type { AzureSubscription } from './azure-subscription.ts';
import { storedResource } from './stored-resource.ts';

export interface ArmKind {
  /** The class file of the npm package: `monitor/metricAlert`. */
  readonly module: string;
  /** `Microsoft.Insights/metricAlerts` */
  readonly type: string;
  /** The input that names it. */
  readonly named: string;
  readonly style?: NamingRule['style'];
  /** Beyond the parts of its path. */
  readonly replaceOnChanges?: readonly string[];
  /** Has it a place, its group's unless it says another? */
  readonly located?: boolean;
  /** Its path, where it is not directly below its group. */
  idOf?(inputs: Properties): string;
  validate?(inputs: Properties): readonly InputFault[];
  /** @throws CloudRefusal */
  refuse?(inputs: Properties, id: string): void | Promise<void>;
  /** @throws CloudRefusal when the cloud would not have it so, after it was as it is. */
  refuseUpdate?(inputs: Properties, before: Properties): void;
  outputs?(inputs: Properties, id: string): Properties;
  /** @throws CloudRefusal when the cloud would not let it go. */
  release?(inputs: Properties, id: string): void;
}

export function armResource(subscription: AzureSubscription, kind: ArmKind): ResourceModel {
  const { named, located = true } = kind;
  return storedResource({
    module: kind.module,
    shelf: subscription.shelf(kind.type),
    naming: { property: named, style: kind.style ?? 'dashed' },
    replaceOnChanges: ['resourceGroupName', named, ...(located ? ['location'] : []), ...(kind.replaceOnChanges ?? [])],
    ...(located
      ? {
          computed: ['location'],
          defaults: (...asked: Parameters<AzureSubscription['defaultLocation']>) =>
            subscription.defaultLocation(...asked),
        }
      : {}),
    ...(kind.validate === undefined ? {} : { validate: kind.validate }),
    idOf: (inputs) => kind.idOf?.(inputs) ?? subscription.resourceId(inputs, kind.type, text(inputs, named) ?? ''),
    alreadyExists: (id) => `cannot create already existing resource '${id}'`,
    async create(inputs, context: ResourceContext, id) {
      const place = located ? { location: subscription.location(inputs, context) } : {};
      await kind.refuse?.(inputs, id);
      return {
        ...subscription.common(kind.type, text(inputs, named) ?? ''),
        ...place,
        id,
        provisioningState: 'Succeeded',
        ...kind.outputs?.(inputs, id),
      };
    },
    ...(kind.refuseUpdate === undefined ? {} : { refuseUpdate: kind.refuseUpdate }),
    ...(kind.release === undefined ? {} : { release: kind.release }),
  });
}

/** In the words `azure-native` passes on. */
export function refusal(status: number, code: string, message: string): CloudRefusal {
  return new CloudRefusal(`Status=${status} Code="${code}" Message="${message}"`);
}

export function notFound(id: string): CloudRefusal {
  const [type, name] = [/\/providers\/([^/]+\/[^/]+)/i.exec(id)?.[1] ?? '', id.slice(id.lastIndexOf('/') + 1)];
  return refusal(404, 'ResourceNotFound', `The Resource '${type}/${name}' under resource group was not found.`);
}
