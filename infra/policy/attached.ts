// The policy pack served by this process to the one engine operation it starts: `@pulumi/policy` itself takes a second just to be loaded.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import type { PolicyPackArgs } from '@pulumi/policy';
import services from '@pulumi/pulumi/proto/analyzer_grpc_pb.js';
import plugin from '@pulumi/pulumi/proto/plugin_pb.js';
import { packName, policiesFor } from './pack.ts';
import { readWaivers } from './waivers.ts';

/** What the CLI is given as `--policy-pack`: it tells the engine the port that stands in this variable, or serves the pack itself. */
export const packPath = fileURLToPath(new URL('./pack', import.meta.url));
export const portVariable = 'TRIREME_POLICY_PORT';

/** The handlers of `@pulumi/policy`'s own server, which has no other way to be served than as a process of its own. */
interface PolicyServer {
  makeAnalyzeRpcFun: Handlers;
  makeAnalyzeStackRpcFun: Handlers;
  makeRemediateRpcFun: Handlers;
}
type Handlers = (name: string, version: string, level: string, policies: PolicyPackArgs['policies']) => Handler;
// The service definition serialises whatever message a handler gives.
type Handler = handleUnaryCall<unknown, unknown>;

interface Messages {
  makeAnalyzerInfo(name: string, version: string, level: string, args: PolicyPackArgs): unknown;
}

const require = createRequire(import.meta.url);

export interface ServedPack {
  /** For the CLI of that one operation. */
  readonly variables: Readonly<Record<string, string>>;
  close(): void;
}

export interface AttachedPack {
  readonly path: string;
  serve(operation: { readonly isPreview: boolean }): Promise<ServedPack>;
}

/** @param policyFile read at each operation: a commit may have changed it since the command started. */
export function attachedPack(policyFile: string, now: () => number = Date.now): AttachedPack {
  return {
    path: packPath,
    async serve({ isPreview }) {
      const waivers = await readWaivers(policyFile);
      const policies = policiesFor({ waivers, now, unknownIs: isPreview ? 'advisory' : 'mandatory' });
      const server = new Server();
      server.addService(services.AnalyzerService, handlers(policies));
      const port = await listen(server);
      return { variables: { [portVariable]: String(port) }, close: () => server.forceShutdown() };
    },
  };
}

function handlers(policies: PolicyPackArgs['policies']): Record<string, Handler> {
  const {
    makeAnalyzeRpcFun,
    makeAnalyzeStackRpcFun,
    makeRemediateRpcFun,
  }: PolicyServer = require('@pulumi/policy/server.js');
  const { makeAnalyzerInfo }: Messages = require('@pulumi/policy/protoutil.js');
  const { version }: { version: string } = require('../package.json');
  const pack = [packName, version, 'mandatory', policies] as const;
  // From the copy of google-protobuf that Pulumi loads: its serializers accept no other.
  const { Empty } = createRequire(require.resolve('@pulumi/pulumi/package.json'))(
    'google-protobuf/google/protobuf/empty_pb.js',
  );
  return {
    analyze: makeAnalyzeRpcFun(...pack),
    analyzeStack: makeAnalyzeStackRpcFun(...pack),
    remediate: makeRemediateRpcFun(...pack),
    getAnalyzerInfo: (_call, callback) =>
      callback(null, makeAnalyzerInfo(packName, version, 'mandatory', { policies })),
    getPluginInfo: (_call, callback) => {
      const info = new plugin.PluginInfo();
      info.setVersion(version);
      callback(null, info);
    },
    // Levels are policy.yaml's to say; the engine hands back those of the pack.
    configure: (_call, callback) => callback(null, new Empty()),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}
