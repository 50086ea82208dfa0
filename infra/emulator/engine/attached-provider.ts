// The rules behind the ResourceProvider service: which model answers for a resource, what check, diff and preview say about it.

import plugin from '@pulumi/pulumi/proto/plugin_pb.js';
import type * as requests from '@pulumi/pulumi/proto/provider_pb.js';
import provider from '@pulumi/pulumi/proto/provider_pb.js';
import { isGenerated, withName } from './autoname.ts';
import { checkResponse, diffResponse } from './engine-response.ts';
import { checkInputs } from './input-check.ts';
import { covers, diffInputs, projected } from './input-diff.ts';
import type { InputSchema } from './input-schema.ts';
import { fromStruct, type Properties, type Property, toStruct, unresolved } from './property.ts';
import { Empty } from './protobuf.ts';
import { CloudRefusal, type ProviderDefinition, type ResourceContext, type ResourceModel } from './resource-model.ts';

/** Where every provider package declares its own configuration: `provider.d.ts`. */
export const providerModule = 'provider';

export class AttachedProvider {
  readonly #definition: ProviderDefinition;
  readonly #schema: InputSchema;
  readonly #version: string;
  /** By connection: every provider instance of every engine attaches to this one server, each over a connection of its own. */
  readonly #configurations = new Map<string, Properties>();

  constructor(definition: ProviderDefinition, schema: InputSchema, version: string) {
    this.#definition = definition;
    this.#schema = schema;
    this.#version = version;
  }

  handshake(): requests.ProviderHandshakeResponse {
    return new provider.ProviderHandshakeResponse()
      .setAcceptSecrets(false)
      .setAcceptResources(false)
      .setAcceptOutputs(false)
      .setSupportsAutonamingConfiguration(true);
  }

  pluginInfo(): InstanceType<typeof plugin.PluginInfo> {
    return new plugin.PluginInfo().setVersion(this.#version);
  }

  checkConfig(request: requests.CheckRequest): requests.CheckResponse {
    const news = fromStruct(request.getNews());
    const known = { version: true, ...this.#schema.resources[providerModule]?.inputs };
    const faults = Object.keys(news)
      .filter((key) => !(key in known))
      .map((property) => ({ property, reason: `unknown property of the provider \`${this.#definition.name}\`` }));
    return checkResponse(news, faults);
  }

  diffConfig(request: requests.DiffRequest): requests.DiffResponse {
    return diffResponse(diffInputs(fromStruct(request.getOldInputs()), fromStruct(request.getNews()), []), false);
  }

  configure(request: requests.ConfigureRequest, peer: string): requests.ConfigureResponse {
    const config = fromStruct(request.getArgs());
    const refusal = this.#definition.refuses?.(config);
    if (refusal !== undefined) throw new CloudRefusal(refusal);
    this.#configurations.set(peer, config);
    return new provider.ConfigureResponse()
      .setAcceptsecrets(false)
      .setAcceptresources(false)
      .setAcceptoutputs(false)
      .setSupportspreview(true)
      .setSupportsAutonamingConfiguration(true);
  }

  check(request: requests.CheckRequest, peer: string): requests.CheckResponse {
    const model = this.#modelOf(request);
    const proposed = request.getAutonaming()?.getProposedName();
    const recorded = fromStruct(request.getOlds());
    const named = withName(model.naming, fromStruct(request.getNews()), recorded, {
      name: nameOf(request),
      seed: request.getRandomseed_asU8(),
      ...(proposed === undefined || proposed === '' ? {} : { proposed }),
    });
    const news = { ...model.defaults?.(named, recorded, this.#configOf(peer)), ...named };
    const faults = checkInputs(this.#schema, model.module, news);
    if (faults.length > 0) return checkResponse(news, faults);
    const inputs = model.normalize?.(news) ?? news;
    return checkResponse(inputs, model.validate?.(inputs) ?? []);
  }

  diff(request: requests.DiffRequest): requests.DiffResponse {
    const model = this.#modelOf(request);
    const recorded = fromStruct(request.getOldInputs());
    const news = fromStruct(request.getNews());
    const state = fromStruct(request.getOlds());
    const olds = this.#definition.comparesWith === 'state' ? projected(recorded, state) : recorded;
    const ignored = request.getIgnorechangesList();
    const replacing = [...model.replaceOnChanges, ...(model.replacesFrom?.(olds, news) ?? [])];
    const changes = diffInputs(olds, news, replacing).filter(({ path }) => !ignored.some((key) => covers(key, path)));
    return diffResponse(changes, keepsItsName(model, nameOf(request), recorded, news));
  }

  async create(request: requests.CreateRequest, peer: string): Promise<requests.CreateResponse> {
    const model = this.#modelOf(request);
    const inputs = fromStruct(request.getProperties());
    if (request.getPreview()) {
      return new provider.CreateResponse().setProperties(toStruct(this.#previewed(model, inputs)));
    }
    const { id, outputs } = await model.create(inputs, this.#contextOf(request, peer));
    return new provider.CreateResponse().setId(id).setProperties(toStruct(outputs));
  }

  async read(request: requests.ReadRequest, peer: string): Promise<requests.ReadResponse> {
    const model = this.#modelOf(request);
    const context = { ...this.#contextOf(request, peer), state: fromStruct(request.getProperties()) };
    const found = await model.read(request.getId(), fromStruct(request.getInputs()), context);
    // An answer without an id says that the resource is gone.
    if (found === undefined) return new provider.ReadResponse();
    return new provider.ReadResponse()
      .setId(request.getId())
      .setProperties(toStruct(found.outputs))
      .setInputs(toStruct(found.inputs));
  }

  async update(request: requests.UpdateRequest, peer: string): Promise<requests.UpdateResponse> {
    const model = this.#modelOf(request);
    const previous = fromStruct(request.getOlds());
    const inputs = fromStruct(request.getNews());
    const outputs = request.getPreview()
      ? { ...previous, ...inputs }
      : await model.update(request.getId(), inputs, this.#contextOf(request, peer), previous);
    return new provider.UpdateResponse().setProperties(toStruct(outputs));
  }

  async delete(request: requests.DeleteRequest, peer: string): Promise<InstanceType<typeof Empty>> {
    const inputs = fromStruct(request.getOldInputs());
    await this.#modelOf(request).delete(request.getId(), inputs, this.#contextOf(request, peer));
    return new Empty();
  }

  async invoke(request: requests.InvokeRequest, peer: string): Promise<requests.InvokeResponse> {
    const answer = this.#definition.functions[request.getTok()];
    if (answer === undefined)
      throw new Error(`the emulated ${this.#definition.name} has no function ${request.getTok()}`);
    const args = fromStruct(request.getArgs());
    return new provider.InvokeResponse().setReturn(toStruct(await answer(args, this.#configOf(peer))));
  }

  #modelOf(request: { getUrn(): string; getType(): string }): ResourceModel {
    const type = request.getType() || typeOf(request.getUrn());
    const model = this.#definition.resources[type];
    if (model === undefined) {
      throw new Error(`the emulated ${this.#definition.name} does not know the resource type ${type}`);
    }
    return model;
  }

  /** What a real provider's preview shows: the inputs, and unknowns for what only the cloud can say. */
  #previewed(model: ResourceModel, inputs: Properties): Properties {
    const declared = this.#schema.resources[model.module]?.outputs ?? [];
    const computed = [...declared, ...(model.computed ?? [])].map((key): [string, Property] => [key, unresolved]);
    return { ...Object.fromEntries(computed), ...inputs };
  }

  #contextOf(request: { getUrn(): string; getName(): string }, peer: string): ResourceContext {
    return { config: this.#configOf(peer), name: nameOf(request) };
  }

  #configOf(peer: string): Properties {
    return this.#configurations.get(peer) ?? {};
  }
}

/** A resource that is replaced under the same chosen name has to be deleted first: the cloud would answer that it exists. */
function keepsItsName(model: ResourceModel, name: string, olds: Properties, news: Properties): boolean {
  if (model.naming === undefined) return false;
  const value = news[model.naming.property];
  return value === olds[model.naming.property] && !isGenerated(model.naming, name, value);
}

/** `urn:pulumi:stack::project::parent$aws:ecr/repository:Repository::images`. */
function typeOf(urn: string): string {
  return (urn.split('::')[2] ?? '').split('$').at(-1) ?? '';
}

function nameOf(request: { getUrn(): string; getName(): string }): string {
  return request.getName() || request.getUrn().split('::').slice(3).join('::');
}
