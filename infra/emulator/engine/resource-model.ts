// What an emulated provider knows about each resource type: where its inputs are declared, which keys force a replacement, what the cloud does.
import type { NamingRule } from './autoname.ts';
import type { Properties } from './property.ts';

/** One fault of the inputs; `property` is a path such as `template.containers[0].image`. */
export interface InputFault {
  readonly property: string;
  readonly reason: string;
}

export interface ResourceContext {
  /** The provider's own configuration, of the very provider instance that asks. */
  readonly config: Properties;
  /** The resource's name in the program. */
  readonly name: string;
  /** When it is read: what the engine's state holds of it, for what lives there alone. */
  readonly state?: Properties;
}

export interface CreatedResource {
  readonly id: string;
  readonly outputs: Properties;
}

export interface ReadResource {
  readonly outputs: Properties;
  /** The inputs as the cloud holds them now: where they differ from the recorded ones, that is drift. */
  readonly inputs: Properties;
}

export interface ResourceModel {
  /** The class file inside the npm package, without extension: `apprunner/service`. */
  readonly module: string;
  /** The property that gets a generated name when the program gives none. */
  readonly naming?: NamingRule;
  /** Input paths whose change forces a replacement, as the vendor's documentation says; a path covers everything below it. */
  readonly replaceOnChanges: readonly string[];
  /** Paths whose change forces one only from this to that: a disk that shrinks. */
  replacesFrom?(olds: Properties, news: Properties): readonly string[];
  /** Outputs beyond the class's own that are not known before creation: optional inputs that the cloud fills. */
  readonly computed?: readonly string[];
  /** What the provider says where the program says nothing, from the recorded inputs and its own configuration. */
  defaults?(inputs: Properties, recorded: Properties, config: Properties): Properties;
  /** The inputs as the provider keeps them: a document given as an object becomes its JSON. */
  normalize?(inputs: Properties): Properties;
  /** What the declarations can't say: ranges, patterns, enumerated strings. Sees values that may be `unresolved`. */
  validate?(inputs: Properties): readonly InputFault[];
  create(inputs: Properties, context: ResourceContext): Promise<CreatedResource>;
  /** `undefined` when the cloud has no such resource. `inputs` are the recorded ones, empty on import. */
  read(id: string, inputs: Properties, context: ResourceContext): Promise<ReadResource | undefined>;
  update(id: string, inputs: Properties, context: ResourceContext, previous: Properties): Promise<Properties>;
  /** Deleting what is gone already is success, as in the vendors' providers. */
  delete(id: string, inputs: Properties, context: ResourceContext): Promise<void>;
}

export interface ProviderDefinition {
  /** Pulumi's name of the provider: `aws`, `gcp`, `azure-native`. */
  readonly name: string;
  /** The npm package that declares its resources. */
  readonly npmPackage: string;
  /**
   * What new inputs are compared with: bridged providers (`aws`, `gcp`) compare with the recorded state, so that what the cloud
   * changed behind an update shows in the next preview; `azure-native` compares with the recorded inputs.
   */
  readonly comparesWith: 'state' | 'inputs';
  /** Why the provider does not work with this configuration of its own, in the vendor's words. */
  refuses?(config: Properties): string | undefined;
  readonly resources: Readonly<Record<string, ResourceModel>>;
  readonly functions: Readonly<Record<string, (args: Properties, config: Properties) => Promise<Properties>>>;
}

/** The cloud refused: an ordinary error of the engine, in the vendor's words. */
export class CloudRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CloudRefusal';
  }
}

/** The cloud made the resource and it is not well: the engine records it, with the reasons, and fails. */
export class HalfMadeResource extends Error {
  readonly id: string;
  readonly outputs: Properties;

  constructor(id: string, outputs: Properties, reason: string) {
    super(reason);
    this.name = 'HalfMadeResource';
    this.id = id;
    this.outputs = outputs;
  }
}
