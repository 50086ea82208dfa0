// The engine's side of the wire, as far as tests need it: a gRPC client that speaks in plain objects.

import { credentials, type ServiceError } from '@grpc/grpc-js';
import services from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import provider from '@pulumi/pulumi/proto/provider_pb.js';
import statuses from '@pulumi/pulumi/proto/status_pb.js';
import { fromStruct, type Properties, toStruct } from '../../../emulator/engine/property.ts';
import { Empty, Struct } from '../../../emulator/engine/protobuf.ts';

type Wire = Parameters<typeof Struct.fromJavaScript>[0];

export class EngineClient {
  readonly #client: InstanceType<typeof services.ResourceProviderClient>;

  constructor(port: number) {
    // Every provider instance of an engine has a connection of its own; so has every client here.
    this.#client = new services.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  close(): void {
    this.#client.close();
  }

  handshake() {
    const request = new provider.ProviderHandshakeRequest().setEngineAddress('127.0.0.1:1');
    return answer<InstanceType<typeof provider.ProviderHandshakeResponse>>((done) =>
      this.#client.handshake(request, done),
    ).then((response) => response.toObject());
  }

  async version(): Promise<string> {
    const info = await answer<{ getVersion(): string }>((done) => this.#client.getPluginInfo(new Empty(), done));
    return info.getVersion();
  }

  async configure(config: Properties) {
    const request = new provider.ConfigureRequest().setArgs(toStruct(config));
    const response = await answer<InstanceType<typeof provider.ConfigureResponse>>((done) =>
      this.#client.configure(request, done),
    );
    return response.toObject();
  }

  async checkConfig(config: Properties): Promise<readonly string[]> {
    const request = new provider.CheckRequest()
      .setUrn('urn:pulumi:dev::tests::pulumi:providers:x::default')
      .setNews(toStruct(config));
    const response = await answer<InstanceType<typeof provider.CheckResponse>>((done) =>
      this.#client.checkConfig(request, done),
    );
    return response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
  }

  /** @param news as on the wire, so that a test can send secrets and unknowns. */
  async check(
    type: string,
    news: Wire,
    olds: Properties = {},
  ): Promise<{ inputs: Properties; faults: readonly string[] }> {
    const request = new provider.CheckRequest()
      .setUrn(urn(type))
      .setType(type)
      .setName('thing')
      .setOlds(toStruct(olds))
      .setNews(Struct.fromJavaScript(news))
      .setRandomseed(Buffer.alloc(32, 7));
    const response = await answer<InstanceType<typeof provider.CheckResponse>>((done) =>
      this.#client.check(request, done),
    );
    return {
      inputs: fromStruct(response.getInputs()),
      faults: response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`),
    };
  }

  async diff(type: string, { inputs, state }: { inputs: Properties; state?: Properties }, news: Properties) {
    const request = new provider.DiffRequest()
      .setId('id')
      .setUrn(urn(type))
      .setType(type)
      .setName('thing')
      .setOlds(toStruct(state ?? inputs))
      .setOldInputs(toStruct(inputs))
      .setNews(toStruct(news));
    const response = await answer<InstanceType<typeof provider.DiffResponse>>((done) =>
      this.#client.diff(request, done),
    );
    const replaces = response.getReplacesList();
    const detailed: [string, string][] = [];
    response.getDetaileddiffMap().forEach((change, path) => {
      detailed.push([path, kindOf(change.getKind())]);
    });
    return {
      changed: response.getChanges() === provider.DiffResponse.DiffChanges.DIFF_SOME,
      diffs: response.getDiffsList(),
      replaces,
      deleteFirst: response.getDeletebeforereplace(),
      detailed: Object.fromEntries(detailed),
    };
  }

  async create(type: string, inputs: Properties, preview = false): Promise<{ id: string; outputs: Properties }> {
    const request = new provider.CreateRequest()
      .setUrn(urn(type))
      .setType(type)
      .setName('thing')
      .setProperties(toStruct(inputs))
      .setPreview(preview);
    const response = await answer<InstanceType<typeof provider.CreateResponse>>((done) =>
      this.#client.create(request, done),
    );
    return { id: response.getId(), outputs: fromStruct(response.getProperties()) };
  }

  async read(type: string, id: string, inputs: Properties) {
    const request = new provider.ReadRequest().setId(id).setUrn(urn(type)).setType(type).setInputs(toStruct(inputs));
    const response = await answer<InstanceType<typeof provider.ReadResponse>>((done) =>
      this.#client.read(request, done),
    );
    return {
      id: response.getId(),
      outputs: fromStruct(response.getProperties()),
      inputs: fromStruct(response.getInputs()),
    };
  }

  async update(type: string, id: string, olds: Properties, news: Properties, preview = false): Promise<Properties> {
    const request = new provider.UpdateRequest()
      .setId(id)
      .setUrn(urn(type))
      .setType(type)
      .setOlds(toStruct(olds))
      .setNews(toStruct(news))
      .setPreview(preview);
    const response = await answer<InstanceType<typeof provider.UpdateResponse>>((done) =>
      this.#client.update(request, done),
    );
    return fromStruct(response.getProperties());
  }

  async delete(type: string, id: string, inputs: Properties): Promise<void> {
    const request = new provider.DeleteRequest()
      .setId(id)
      .setUrn(urn(type))
      .setType(type)
      .setOldInputs(toStruct(inputs));
    await answer<unknown>((done) => this.#client.delete(request, done));
  }

  async invoke(token: string, args: Properties): Promise<Properties> {
    const request = new provider.InvokeRequest().setTok(token).setArgs(toStruct(args));
    const response = await answer<InstanceType<typeof provider.InvokeResponse>>((done) =>
      this.#client.invoke(request, done),
    );
    return fromStruct(response.getReturn());
  }
}

/** What an engine records of a resource that was made and is not well; `undefined` for an ordinary error. */
export function halfMade(error: unknown): { id: string; outputs: Properties; reasons: readonly string[] } | undefined {
  const [packed] = (error as ServiceError).metadata.get('grpc-status-details-bin');
  if (packed === undefined) return undefined;
  const [detail] = statuses.Status.deserializeBinary(packed as Buffer).getDetailsList();
  const failure = detail?.unpack(
    provider.ErrorResourceInitFailed.deserializeBinary,
    'pulumirpc.ErrorResourceInitFailed',
  );
  if (failure === undefined || failure === null) return undefined;
  return { id: failure.getId(), outputs: fromStruct(failure.getProperties()), reasons: failure.getReasonsList() };
}

function urn(type: string): string {
  return `urn:pulumi:dev::tests::${type}::thing`;
}

function kindOf(kind: number): string {
  return Object.entries(provider.PropertyDiff.Kind).find(([, value]) => value === kind)?.[0] ?? 'none';
}

function answer<T>(ask: (done: (error: ServiceError | null, response: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) =>
    ask((error, response) => (error === null ? resolve(response) : reject(error))),
  );
}
