// One provider for several accounts: each holds its own resources, and which one is meant, the asking provider's configuration says.
import type { Properties } from '../engine/property.ts';
import type { ResourceContext, ResourceModel } from '../engine/resource-model.ts';

type Models = Readonly<Record<string, ResourceModel>>;

export function inItsAccount<Account>(
  make: (account: Account) => Models,
  accountFor: (config: Properties) => Account,
): Models {
  const made = new Map<Account, Models>();
  const modelsOf = (config: Properties): Models => {
    const account = accountFor(config);
    const models = made.get(account) ?? make(account);
    made.set(account, models);
    return models;
  };
  return Object.fromEntries(
    Object.entries(modelsOf({})).map(([type, described]): [string, ResourceModel] => {
      const of = ({ config }: Pick<ResourceContext, 'config'>) => modelsOf(config)[type] ?? described;
      return [
        type,
        {
          ...described,
          defaults: (inputs, recorded, config) => of({ config }).defaults?.(inputs, recorded, config) ?? {},
          create: (inputs, context) => of(context).create(inputs, context),
          read: (id, inputs, context) => of(context).read(id, inputs, context),
          update: (id, inputs, context, previous) => of(context).update(id, inputs, context, previous),
          delete: (id, inputs, context) => of(context).delete(id, inputs, context),
        },
      ];
    }),
  );
}
