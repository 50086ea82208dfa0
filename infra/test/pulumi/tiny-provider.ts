// A provider with one resource type, `tiny:index:Thing`, for the engine tests: what its vendor does is said by the test that uses it.
import { createRequire } from 'node:module';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import plugin from '@pulumi/pulumi/proto/plugin_pb.js';
import services from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import provider from '@pulumi/pulumi/proto/provider_pb.js';
import type EmptyProto from 'google-protobuf/google/protobuf/empty_pb.js';
import type StructProto from 'google-protobuf/google/protobuf/struct_pb.js';
import type { JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb.js';

// Pulumi's serializers accept messages of the copy of google-protobuf that Pulumi itself loads, and no other.
const fromPulumi = createRequire(createRequire(import.meta.url).resolve('@pulumi/pulumi'));
const emptyProto: typeof EmptyProto = fromPulumi('google-protobuf/google/protobuf/empty_pb.js');
const structProto: typeof StructProto = fromPulumi('google-protobuf/google/protobuf/struct_pb.js');

type Properties = Record<string, JavaScriptValue>;

/** How the made-up vendor answers; a message means that it refuses. */
export interface Vendor {
  create?: (inputs: Properties) => Promise<string | undefined> | string | undefined;
  update?: (inputs: Properties) => Promise<string | undefined> | string | undefined;
  check?: (inputs: Properties) => string | undefined;
  /** What somebody changed by hand, of what the thing was given. */
  read?: (inputs: Properties) => Properties;
}

/** Changing `zone` replaces a thing; every other property is updated in place. `address` is computed. */
export async function startTinyProvider(vendor: Vendor): Promise<{ port: number; stop(): void }> {
  const server = new Server();
  const empty = new emptyProto.Empty();
  server.addService(services.ResourceProviderService, {
    handshake: unary(() => new provider.ProviderHandshakeResponse()),
    attach: unary(() => empty),
    cancel: unary(() => empty),
    getPluginInfo: unary(() => {
      const info = new plugin.PluginInfo();
      info.setVersion('1.0.0');
      return info;
    }),
    checkConfig: unary((request: InstanceType<typeof provider.CheckRequest>) => {
      const response = new provider.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: unary(() => new provider.DiffResponse()),
    configure: unary(() => {
      const response = new provider.ConfigureResponse();
      response.setSupportspreview(true);
      return response;
    }),
    check: unary((request: InstanceType<typeof provider.CheckRequest>) => {
      const response = new provider.CheckResponse();
      response.setInputs(request.getNews());
      const refusal = vendor.check?.(plain(request.getNews()));
      if (refusal !== undefined) {
        const failure = new provider.CheckFailure();
        failure.setReason(refusal);
        response.addFailures(failure);
      }
      return response;
    }),
    diff: unary((request: InstanceType<typeof provider.DiffRequest>) => {
      const before = plain(request.getOldInputs());
      const after = plain(request.getNews());
      const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
      );
      const response = new provider.DiffResponse();
      response.setChanges(
        changed.length === 0
          ? provider.DiffResponse.DiffChanges.DIFF_NONE
          : provider.DiffResponse.DiffChanges.DIFF_SOME,
      );
      response.setDiffsList(changed);
      response.setHasdetaileddiff(true);
      for (const key of changed) {
        const one = new provider.PropertyDiff();
        const replaces = key === 'zone';
        one.setKind(replaces ? provider.PropertyDiff.Kind.UPDATE_REPLACE : provider.PropertyDiff.Kind.UPDATE);
        response.getDetaileddiffMap().set(key, one);
        if (replaces) response.addReplaces(key);
      }
      return response;
    }),
    create: unary(async (request: InstanceType<typeof provider.CreateRequest>) => {
      const inputs = plain(request.getProperties());
      const response = new provider.CreateResponse();
      if (request.getPreview()) {
        response.setProperties(struct({ ...inputs, address: unknown }));
        return response;
      }
      refuseIf(await vendor.create?.(inputs));
      response.setId(`thing-${String(inputs.label)}`);
      response.setProperties(struct({ ...inputs, address: `http://127.0.0.1/${String(inputs.label)}` }));
      return response;
    }),
    update: unary(async (request: InstanceType<typeof provider.UpdateRequest>) => {
      const inputs = plain(request.getNews());
      if (!request.getPreview()) refuseIf(await vendor.update?.(inputs));
      const response = new provider.UpdateResponse();
      response.setProperties(struct({ ...inputs, address: `http://127.0.0.1/${String(inputs.label)}` }));
      return response;
    }),
    read: unary((request: InstanceType<typeof provider.ReadRequest>) => {
      const response = new provider.ReadResponse();
      response.setId(request.getId());
      const byHand = vendor.read?.(plain(request.getInputs()));
      response.setProperties(
        byHand === undefined ? request.getProperties() : struct({ ...plain(request.getProperties()), ...byHand }),
      );
      response.setInputs(byHand === undefined ? request.getInputs() : struct(byHand));
      return response;
    }),
    delete: unary(() => empty),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, stop: () => server.forceShutdown() };
}

/** How the engine writes a value that only exists after the update. */
const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

function unary<Request, Response>(answer: (request: Request) => Promise<Response> | Response) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
    Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (response) => callback(null, response),
        (error: Error) => callback({ code: status.UNKNOWN, details: error.message }),
      );
  };
}

function refuseIf(message: string | undefined): void {
  if (message !== undefined) throw new Error(message);
}

function plain(value: InstanceType<typeof structProto.Struct> | undefined): Properties {
  return value?.toJavaScript() ?? {};
}

function struct(value: Properties): InstanceType<typeof structProto.Struct> {
  return structProto.Struct.fromJavaScript(value);
}
