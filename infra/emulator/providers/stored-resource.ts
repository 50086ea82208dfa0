// Resources that are nothing but what was asked for: kept in the emulated cloud's memory, with the cloud's own additions.
import { projected } from '../engine/input-diff.ts';
import { isRecord, type Properties } from '../engine/property.ts';
import { CloudRefusal, type ResourceContext, type ResourceModel } from '../engine/resource-model.ts';

interface StoredRecord {
  readonly inputs: Properties;
  /** What the cloud added at creation. */
  readonly added: Properties;
}

/** All resources of one type in one emulated cloud, by the vendor's id. */
export class Shelf {
  readonly #records = new Map<string, StoredRecord>();

  get(id: string): StoredRecord | undefined {
    return this.#records.get(id);
  }

  set(id: string, record: StoredRecord): void {
    this.#records.set(id, record);
  }

  delete(id: string): void {
    this.#records.delete(id);
  }

  ids(): readonly string[] {
    return [...this.#records.keys()];
  }

  /** What lies below a path goes with it. */
  deleteBelow(path: string): void {
    for (const id of [...this.#records.keys()]) {
      if (id.toLowerCase().startsWith(`${path.toLowerCase()}/`)) this.#records.delete(id);
    }
  }

  /** Inputs and additions together, as the cloud shows its resources. */
  list(matches: (resource: Properties) => boolean): readonly Properties[] {
    return [...this.#records.values()].map(shown).filter(matches);
  }

  find(matches: (resource: Properties) => boolean): Properties | undefined {
    return [...this.#records.values()].map(shown).find(matches);
  }
}

export interface StoredResource
  extends Pick<
    ResourceModel,
    'module' | 'naming' | 'replaceOnChanges' | 'replacesFrom' | 'computed' | 'defaults' | 'normalize' | 'validate'
  > {
  readonly shelf: Shelf;
  idOf(inputs: Properties, context: ResourceContext): string;
  /** In the vendor's words: what it answers to the creation of what exists. `undefined`: it is overwritten, nobody is told. */
  alreadyExists(id: string, inputs: Properties): string | undefined;
  /** What the cloud adds once and keeps: ids, dates. @throws CloudRefusal when something that is needed is missing. */
  create(inputs: Properties, context: ResourceContext, id: string): Properties | Promise<Properties>;
  /** What follows from the inputs, computed anew with each update. */
  derive?(inputs: Properties, context: ResourceContext): Properties;
  /** @throws CloudRefusal when the cloud would not have it so, after it was as it is. */
  refuseUpdate?(inputs: Properties, before: Properties, id: string): void;
  /** @throws CloudRefusal when the cloud would not let it go. */
  release?(inputs: Properties, id: string, context: ResourceContext): void | Promise<void>;
}

export function storedResource(resource: StoredResource): ResourceModel {
  const { shelf } = resource;
  const derived = (inputs: Properties, context: ResourceContext) => resource.derive?.(inputs, context) ?? {};
  return {
    ...described(resource),
    async create(inputs, context) {
      const id = resource.idOf(inputs, context);
      const refusal = shelf.get(id) === undefined ? undefined : resource.alreadyExists(id, inputs);
      if (refusal !== undefined) throw new CloudRefusal(refusal);
      const added = { ...(await resource.create(inputs, context, id)), ...derived(inputs, context) };
      shelf.set(id, { inputs, added });
      return { id, outputs: shown({ inputs, added }) };
    },
    async read(id, inputs) {
      const record = shelf.get(id);
      if (record === undefined) return undefined;
      const asked = Object.keys(inputs).length === 0 ? record.inputs : inputs;
      return { outputs: shown(record), inputs: projected(asked, record.inputs) };
    },
    async update(id, inputs, context) {
      const record = shelf.get(id);
      if (record === undefined) throw new CloudRefusal(`${id} was not found`);
      resource.refuseUpdate?.(inputs, record.inputs, id);
      const added = { ...record.added, ...derived(inputs, context) };
      shelf.set(id, { inputs, added });
      return shown({ inputs, added });
    },
    async delete(id, inputs, context) {
      const record = shelf.get(id);
      if (record === undefined) return;
      await resource.release?.({ ...inputs, ...record.inputs }, id, context);
      shelf.delete(id);
    },
  };
}

function described(resource: StoredResource): Omit<ResourceModel, 'create' | 'read' | 'update' | 'delete'> {
  const { module, replaceOnChanges, replacesFrom, naming, computed, defaults, normalize, validate } = resource;
  return {
    module,
    replaceOnChanges,
    ...(replacesFrom === undefined ? {} : { replacesFrom }),
    ...(naming === undefined ? {} : { naming }),
    ...(computed === undefined ? {} : { computed }),
    ...(defaults === undefined ? {} : { defaults }),
    ...(normalize === undefined ? {} : { normalize }),
    ...(validate === undefined ? {} : { validate }),
  };
}

function shown({ inputs, added }: StoredRecord): Properties {
  return { ...added, ...inputs };
}

/** The tags of a resource, an empty map where it has none. */
export function tagsOf(inputs: Properties): Properties {
  const { tags } = inputs;
  return isRecord(tags) ? tags : {};
}
