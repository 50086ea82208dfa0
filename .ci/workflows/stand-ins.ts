// What github.com would give a job, on this machine: the actions that the workflows use, and the programs that a hosted runner brings.
// Each stands in for one pinned action; one that is used and has no stand-in fails the run.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

const composite = (name: string, script: string, inputs: readonly string[] = []) =>
  stringify({
    name,
    description: 'stand-in',
    inputs: Object.fromEntries(inputs.map((input) => [input, { description: 'as in the action' }])),
    runs: { using: 'composite', steps: [{ shell: 'bash', run: script }] },
  });

/** A job that names an environment waits for its review here, as on GitHub it would before its first step. */
const checkout = composite(
  'checkout',
  `node "$STAND_INS/enter-environment.mjs"
git clone --quiet --branch main "$STAND_INS_ORIGIN" .
git config core.hooksPath /dev/null
printf 'node_modules\\n.trireme\\n' >> .git/info/exclude
ln -s "$STAND_INS_PROJECT/.trireme" .trireme`,
);
/** Artifacts of a run lie in one folder, as `merge-multiple` wants them. */
const artifacts = '"$STAND_INS/artifacts/$GITHUB_RUN_ID"';
const upload = composite('upload', `mkdir -p ${artifacts}\ncp -r \${{ inputs.path }} ${artifacts}`, ['path']);
const download = composite('download', `mkdir -p "\${{ inputs.path }}"\ncp -r ${artifacts}/. "\${{ inputs.path }}"`, [
  'path',
]);
const nothing = composite('nothing to do', 'true');

const actions: Readonly<Record<string, string>> = {
  'actions/checkout': checkout,
  'actions/setup-node': nothing,
  'actions/upload-artifact': upload,
  'actions/download-artifact': download,
  'actions/attest': nothing,
  'aws-actions/configure-aws-credentials': nothing,
  'google-github-actions/auth': nothing,
  'azure/login': nothing,
};

const enterEnvironment = `
const { STAND_INS_GITHUB: github, STAND_INS_ENVIRONMENTS, GITHUB_RUN_ID: id, GITHUB_JOB, GITHUB_WORKFLOW } = process.env;
const environment = JSON.parse(STAND_INS_ENVIRONMENTS)[GITHUB_WORKFLOW]?.[GITHUB_JOB];
if (environment === undefined) process.exit(0);
const find = async () => (await (await fetch(github + '/_emulator/runs')).json()).find((run) => String(run.id) === id);
const reviewed = (run) => run.reviews.some((one) => one.state === 'approved' && one.environments.includes(environment));
if (!reviewed(await find())) {
  const answer = await fetch(github + '/_emulator/runs/' + id + '/jobs', { method: 'POST', body: JSON.stringify({ environment }) });
  const { state } = await answer.json();
  console.log(environment + ': ' + state);
  if (state === 'refused') process.exit(1);
  // Nobody guards it: on GitHub such a job runs after a rejected one too.
  if (state === 'running') process.exit(0);
}
for (let tries = 0; tries < 1200; tries++) {
  const run = await find();
  if (run.status === 'completed') { console.log('the run was ' + run.conclusion); process.exit(1); }
  if (!run.waiting.includes(environment)) process.exit(0);
  await new Promise((resolve) => setTimeout(resolve, 250));
}
console.log('nobody reviewed it');
process.exit(1);
`;

/** The packages are this checkout's own; that they are those of the lock file is \`npm ci\`'s own test, made before. */
const npm = `#!/usr/bin/env bash
if [ "$1" = ci ]; then ln -sfn "$STAND_INS_PROJECT/node_modules" node_modules; exit; fi
exec "$STAND_INS_NPM" "$@"
`;

/** A build behind a proxy needs the machine's certificates; on GitHub there is none. */
const podman = `#!/usr/bin/env bash
if [ "$1" = build ] && [ -n "$NODE_EXTRA_CA_CERTS" ]; then shift; exec "$STAND_INS_PODMAN" build --secret=id=ca,src="$NODE_EXTRA_CA_CERTS" "$@"; fi
exec "$STAND_INS_PODMAN" "$@"
`;

/** @returns the arguments by which \`act\` takes the stand-ins for the pinned actions. */
export async function writeStandIns(folder: string, used: readonly string[]): Promise<readonly string[]> {
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'enter-environment.mjs'), enterEnvironment);
  for (const [name, text] of Object.entries({ npm, podman })) {
    await writeFile(join(folder, 'bin', name), text);
    await chmod(join(folder, 'bin', name), 0o755);
  }
  return Promise.all(
    used.map(async (action) => {
      const [name = ''] = action.split('@');
      const text = actions[name];
      if (text === undefined)
        throw new Error(`expected a stand-in for ${name} in .ci/workflows/stand-ins.ts; found none`);
      await mkdir(join(folder, name), { recursive: true });
      await writeFile(join(folder, name, 'action.yml'), text);
      return `--local-repository=${action}=${join(folder, name)}`;
    }),
  );
}
