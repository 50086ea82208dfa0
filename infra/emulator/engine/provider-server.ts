// One emulated Pulumi provider as the engine attaches to it: the ResourceProvider service over gRPC, answered from a table of resource models.

import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import services from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import type * as requests from '@pulumi/pulumi/proto/provider_pb.js';
import { AttachedProvider, providerModule } from './attached-provider.ts';
import { installedPackage, loadInputSchema } from './input-schema.ts';
import { Empty } from './protobuf.ts';
import type { ProviderDefinition } from './resource-model.ts';
import { serviceError } from './service-error.ts';

export interface ProviderServer {
  /** Pulumi's name of the provider, as `PULUMI_DEBUG_PROVIDERS` names it. */
  readonly name: string;
  readonly port: number;
  stop(): Promise<void>;
}

export async function startProviderServer(
  definition: ProviderDefinition,
  { cacheDirectory }: { readonly cacheDirectory: string },
): Promise<ProviderServer> {
  const modules = [providerModule, ...Object.values(definition.resources).map((model) => model.module)];
  const [schema, { version }] = await Promise.all([
    loadInputSchema({ npmPackage: definition.npmPackage, modules }, cacheDirectory),
    installedPackage(definition.npmPackage),
  ]);
  const server = new Server();
  server.addService(services.ResourceProviderService, handlers(new AttachedProvider(definition, schema, version)));
  const port = await listen(server);
  return { name: definition.name, port, stop: () => shutDown(server) };
}

/** The RPCs an engine of today calls: measured with CLI 3.259. What is not listed is answered UNIMPLEMENTED. */
function handlers(attached: AttachedProvider): Record<string, HandleUnary> {
  return {
    handshake: unary(() => attached.handshake()),
    attach: unary(() => new Empty()),
    getPluginInfo: unary(() => attached.pluginInfo()),
    checkConfig: unary((request: requests.CheckRequest) => attached.checkConfig(request)),
    diffConfig: unary((request: requests.DiffRequest) => attached.diffConfig(request)),
    configure: unary((request: requests.ConfigureRequest, peer) => attached.configure(request, peer)),
    check: unary((request: requests.CheckRequest, peer) => attached.check(request, peer)),
    diff: unary((request: requests.DiffRequest) => attached.diff(request)),
    create: unary((request: requests.CreateRequest, peer) => attached.create(request, peer)),
    read: unary((request: requests.ReadRequest, peer) => attached.read(request, peer)),
    update: unary((request: requests.UpdateRequest, peer) => attached.update(request, peer)),
    delete: unary((request: requests.DeleteRequest, peer) => attached.delete(request, peer)),
    invoke: unary((request: requests.InvokeRequest, peer) => attached.invoke(request, peer)),
    // What runs is finished and recorded: the engine waits for it, and nothing half-made is left behind.
    cancel: unary(() => new Empty()),
  };
}

// The service definition serialises whatever message a handler gives, so one loose type serves them all.
type HandleUnary = (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => void;

function unary<Request>(answer: (request: Request, peer: string) => unknown): HandleUnary {
  return (call, callback) => {
    Promise.resolve()
      .then(() => answer(call.request as Request, call.getPeer()))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(serviceError(error)),
      );
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** Connections of an engine that was killed never end by themselves, so after a polite second they are cut. */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.forceShutdown(), 1000);
    server.tryShutdown(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}
