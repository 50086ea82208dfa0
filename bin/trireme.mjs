#!/usr/bin/env node
// The one command: looks at the verb and loads the command line that knows it, app's or infra's, never both.
// Plain JavaScript that an old Node can parse, because saying which Node is needed must not need it.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;
const repository = new URL('../', import.meta.url);

const verbs = {
  train: ['app', 'train the model of a problem file into the model store'],
  ensure: ['app', 'make sure that the model store holds what the lock names'],
  serve: ['app', 'serve the locked model on this machine'],
  model: ['app', 'compare two models on the same rows: model compare'],
  release: ['infra', 'build the image, publish it to every registry, write the release manifest'],
  preview: ['infra', 'show what a deployment would change, without doing it'],
  deploy: ['infra', 'deploy a release to dev and prove it'],
  verify: ['infra', 'prove what runs, without deploying'],
  promote: ['infra', 'let a release proven in dev enter prod, once someone approved it'],
  approve: ['infra', 'approve a prepared promotion'],
  rollback: ['infra', 'go back to an earlier release that this environment proved'],
  restore: ['infra', 'put back what somebody changed in the cloud, as it was released, and prove it'],
  rotate: ['infra', 'start new instances of what runs, which read the secrets as they are now'],
  recover: ['infra', 'find out what runs where a job was lost'],
  hold: ['infra', 'hold a release back from every environment; unhold lifts it'],
  unhold: ['infra', 'lift the hold on a release'],
  freeze: ['infra', 'stop every promotion into an environment; thaw ends it'],
  thaw: ['infra', 'end the freeze of an environment'],
  status: ['infra', 'which release runs where, verified and approved by whom'],
  history: ['infra', 'what happened, fact by fact'],
  audit: ['infra', 'is a release still what it was made as? Builds it once more'],
  logs: ['infra', 'what services and their platforms said, on every runtime'],
  metrics: ['infra', 'how often, how fast and how well releases reach an environment'],
  'stack-drift': ['infra', 'is what runs what was declared? Reads, and changes nothing'],
  destroy: ['infra', 'take down what a stack runs'],
  bootstrap: ['infra', 'from an empty account, project or subscription to a foundation: bootstrap aws'],
  cost: ['infra', 'what the stacks cost a month, idle and at a stated load'],
  doctor: ['infra', 'compare this machine, policy and workflows with what the clouds and GitHub really have'],
  emulator: ['infra', 'run the emulated clouds: up, down, status'],
  'live-check': ['infra', 'a throw-away service on a real account: what only an account can show'],
  rehearse: ['infra', 'the whole journey on emulated clouds, a failure and a rollback included'],
};

await run(process.argv.slice(2));

async function run(argv) {
  if (Number(process.versions.node.split('.')[0]) < neededMajor) return rerun(argv);
  const [verb, ...rest] = argv[0] === 'help' ? [argv[1], '--help'] : argv;
  if (verb === undefined || verb === '--help' || verb === '-h') return say(help(), 0);
  if (verb === '--version' || verb === '-V') return say(version(), 0);
  const found = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (found === undefined) return unknown(verb);
  // Compiled once, loaded from Node's own cache after that.
  module.enableCompileCache();
  const { main } = await import(new URL(`${found[0]}/cli/main.ts`, repository).href);
  const code = await main([verb, ...rest]);
  process.stdout.write('', () => process.exit(code));
}

function help() {
  const lines = Object.entries(verbs).map(([verb, [, summary]]) => `  ${verb.padEnd(13)}${summary}`);
  return [
    'trireme: one prediction service, built once, delivered to AWS, Google Cloud and Azure, and proven there',
    '',
    'usage: npx trireme <verb> [options]',
    '',
    ...lines,
    '',
    'npx trireme <verb> --help tells more. A first look, no account needed: npx trireme rehearse',
  ].join('\n');
}

function version() {
  return JSON.parse(readFileSync(new URL('package.json', repository), 'utf8')).version;
}

async function unknown(verb) {
  const { nearest } = await import(new URL('infra/contract/stack.ts', repository).href);
  const meant = nearest(verb, Object.keys(verbs));
  const hint = meant === undefined ? 'see all verbs: npx trireme --help' : `did you mean \`npx trireme ${meant}\`?`;
  process.stderr.write(`expected a verb; found \`${verb}\`\n${hint}\n`);
  process.exitCode = 2;
}

function say(text, code) {
  process.stdout.write(`${text}\n`);
  process.exitCode = code;
}

/** `npm ci` brings the Node that trireme needs as a package; an older one on the PATH only starts it. */
function rerun(argv) {
  const node = fileURLToPath(new URL('node_modules/.bin/node', repository));
  if (!existsSync(node) || realpathSync(node) === realpathSync(process.execPath)) {
    process.stderr.write(
      `expected Node ${neededMajor} or newer; found ${process.versions.node}\nrun \`npm ci\` in ${fileURLToPath(repository)}, which brings it, or install it\n`,
    );
    process.exitCode = 2;
    return;
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...argv], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to the child as well, and twice would mean something else.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? 128 + (signal === 'SIGINT' ? 2 : 15) : code;
  });
}
