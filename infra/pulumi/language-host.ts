// Pulumi's language host for Node, where the official one is missing: the engine starts it, asks it to run the program, and tells it to stop.
// The protocol: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/language.proto
import { type ChildProcess, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import services from '@pulumi/pulumi/proto/language_grpc_pb.js';
import language from '@pulumi/pulumi/proto/language_pb.js';
import plugin from '@pulumi/pulumi/proto/plugin_pb.js';
import type EmptyProto from 'google-protobuf/google/protobuf/empty_pb.js';

type RunRequest = InstanceType<typeof language.RunRequest>;
type RunPluginRequest = InstanceType<typeof language.RunPluginRequest>;

const require = createRequire(import.meta.url);
// Pulumi's serializers accept messages of the copy of google-protobuf that Pulumi itself loads, and no other.
const emptyProto: typeof EmptyProto = createRequire(require.resolve('@pulumi/pulumi'))(
  'google-protobuf/google/protobuf/empty_pb.js',
);

/** How `@pulumi/pulumi/cmd/run` ends when it has told the person what is wrong. */
const alreadyReported = 32;

const server = new Server();
server.addService(services.LanguageRuntimeService, {
  handshake: unary(() => new language.LanguageHandshakeResponse()),
  getPluginInfo: unary(() => {
    const info = new plugin.PluginInfo();
    info.setVersion(require('@pulumi/pulumi/package.json').version);
    return info;
  }),
  // Providers are found when the program's first resource asks for them; nothing has to be installed before.
  getRequiredPackages: unary(() => new language.GetRequiredPackagesResponse()),
  getRequiredPlugins: unary(() => new language.GetRequiredPluginsResponse()),
  getProgramDependencies: unary(() => new language.GetProgramDependenciesResponse()),
  about: unary(() => {
    const about = new language.AboutResponse();
    about.setExecutable(process.execPath);
    about.setVersion(process.version);
    return about;
  }),
  run: unary(runProgram),
  runPlugin,
  cancel: unary(() => {
    // The engine waits for this process to end, five seconds at a time; it has to hear the answer first.
    setImmediate(end);
    return new emptyProto.Empty();
  }),
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  // The engine reads the port from the first line.
  process.stdout.write(`${port}\n`);
});

// A killed engine says nothing; its place as the parent is then taken by another process.
const engineProcess = process.ppid;
setInterval(() => {
  if (process.ppid !== engineProcess) end();
}, 1000);

const children = new Set<ChildProcess>();

function end(): void {
  for (const child of children) child.kill();
  process.exit(0);
}

/** The engine's own address: the last argument it starts a language host with. */
const engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith('-'));

async function runProgram(request: RunRequest): Promise<InstanceType<typeof language.RunResponse>> {
  const info = request.getInfo();
  const directory = info?.getProgramDirectory() || request.getPwd();
  const flags = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    organization: request.getOrganization(),
    project: request.getProject(),
    'root-directory': info?.getRootDirectory(),
    stack: request.getStack(),
    pwd: request.getPwd(),
    parallel: String(request.getParallel()),
  };
  const child = spawn(
    process.execPath,
    [
      ...nodeArguments(info),
      pulumiModule('cmd/run', directory),
      ...Object.entries(flags).flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
      ...(request.getDryrun() ? ['--dry-run'] : []),
      info?.getEntryPoint() || request.getProgram() || '.',
      ...request.getArgsList(),
    ],
    {
      cwd: request.getPwd(),
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        // Node runs TypeScript by itself; Pulumi's compiler would check the types of the whole program on each run.
        PULUMI_NODEJS_TYPESCRIPT: 'false',
      },
      // What a host prints after its port becomes the engine's log.
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  children.add(child);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const response = new language.RunResponse();
  if (code === alreadyReported) response.setBail(true);
  else if (code !== 0) response.setError(`the program ended with code ${code}`);
  return response;
}

/** Providers and policy packs written for Node, in a folder with `PulumiPlugin.yaml` or `PulumiPolicy.yaml`. */
function runPlugin(
  call: ServerWritableStream<RunPluginRequest, InstanceType<typeof language.RunPluginResponse>>,
): void {
  const request = call.request;
  const directory = request.getInfo()?.getProgramDirectory() || request.getProgram();
  const isPolicyPack = request.getKind() === 'analyzer';
  const child = spawn(
    process.execPath,
    [
      ...nodeArguments(request.getInfo()),
      pulumiModule(isPolicyPack ? 'cmd/run-policy-pack' : 'cmd/run-plugin', directory),
      directory,
      ...request.getArgsList(),
    ],
    {
      cwd: request.getPwd(),
      env: { ...process.env, ...Object.fromEntries(request.getEnvList().map(assignment)) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  children.add(child);
  child.stdout.on('data', (bytes: Buffer) => {
    const response = new language.RunPluginResponse();
    response.setStdout(bytes);
    call.write(response);
  });
  child.stderr.on('data', (bytes: Buffer) => {
    const response = new language.RunPluginResponse();
    response.setStderr(bytes);
    call.write(response);
  });
  child.on('error', (error) => call.destroy(error));
  child.on('close', (code) => {
    const response = new language.RunPluginResponse();
    response.setExitcode(code ?? 1);
    call.write(response);
    call.end();
  });
  call.on('cancelled', () => child.kill());
}

/** The copy of Pulumi that the program itself loads: a program reached through a link has its modules where it really is. */
function pulumiModule(name: string, directory: string): string {
  return createRequire(join(realpathSync(directory), 'program.js')).resolve(`@pulumi/pulumi/${name}`);
}

function nodeArguments(info: InstanceType<typeof language.ProgramInfo> | undefined): string[] {
  const found = info?.getOptions()?.toJavaScript().nodeargs;
  return typeof found === 'string' ? found.split(' ').filter(Boolean) : [];
}

function assignment(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

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
