// `trireme doctor`: are this machine, this checkout, the clouds and the repository on GitHub as delivery needs them? Changes nothing.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { githubStack, parseStackFile } from '../../config.ts';
import { DeliveryError } from '../../contract/errors.ts';
import type { GithubConfig } from '../../contract/github.ts';
import { type Cloud, foundationOf } from '../../contract/stack.ts';
import { type Policy, parsePolicy } from '../../delivery/policy.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { judgeCloud } from '../doctor/cloud.ts';
import { type Finding, fault, good, type Judged, note } from '../doctor/finding.ts';
import { lookAtClouds } from '../doctor/look.ts';
import { inspectMachine, systemProbe } from '../doctor/machine.ts';
import { judgeReality } from '../doctor/reality.ts';
import { judgeSurroundings, lookAround } from '../doctor/surroundings.ts';
import { judgeTrust, type StatedTrust } from '../doctor/trust.ts';
import { judgeWorkflows, type Needs, needsOf, type WorkflowFile } from '../doctor/workflows.ts';
import type { StackFiles } from '../stack-files.ts';
import { readWiredStacks, wireLedger } from '../wiring.ts';

interface Options {
  readonly json?: boolean;
}

export const doctor: Verb = (cli) =>
  verb(
    'doctor',
    'Compares machine, policy, workflows and stack files with what the clouds and GitHub really have',
  ).action(async (options: Options) => {
    const [machine, surroundings, files, policy, ledger] = await Promise.all([
      inspectMachine(cli.environment, process.version, systemProbe(cli.environment)),
      lookAround(cli.environment),
      attempt('stack files', () => readWiredStacks(cli.environment), stackWords, 'edit the stack file'),
      attempt('policy.yaml', () => readPolicy(cli), policyWords, 'edit policy.yaml'),
      attempt(
        'ledger',
        () => readLedger(cli),
        ({ count, location }) => `${count} facts in ${location}`,
        ledgerRepair,
      ),
    ]);
    const needs = needsOf(await workflowFiles(cli), cloudsOf(files.value));
    const config = filledIn(files.value);
    const hasCli = machine.some(({ subject, outcome }) => subject === 'Pulumi CLI' && outcome === 'good');
    const [github, looks] = await Promise.all([
      githubFindings(cli, needs, policy.value, config),
      files.value === undefined ? [] : lookAtClouds(cli.environment, files.value, hasCli),
    ]);
    const findings: Finding[] = [
      ...[...machine, ...judgeSurroundings(surroundings)].map((one): Finding => ({ area: 'machine', ...one })),
      ...[files.finding, ledger.finding].map((one): Finding => ({ area: 'machine', ...one })),
      ...looks.flatMap((look) => judgeCloud(look).map((one): Finding => ({ area: areas[look.cloud], ...one }))),
      { area: 'policy', ...policy.finding },
      ...judgeWorkflows(needs).map((one): Finding => ({ area: 'workflows', ...one })),
      ...[...trustFindings(files.value, config), ...github].map((one): Finding => ({ area: 'GitHub', ...one })),
    ];
    if (options.json !== true) for (const line of findings.flatMap((one) => linesOf(cli, one))) cli.output.data(line);
    const faults = findings.filter(({ outcome }) => outcome === 'fault');
    cli.end({
      code: faults.length === 0 ? undefined : 'failed',
      sentence: sentenceOf(findings),
      next: faults[0]?.repair ?? 'npx trireme status',
      json: { findings },
    });
  });

/** What could not be asked is not called right. */
export function sentenceOf(findings: readonly Pick<Finding, 'outcome'>[]): string {
  const count = (outcome: Finding['outcome']) => findings.filter((one) => one.outcome === outcome).length;
  const [faults, notes] = [count('fault'), count('note')];
  const untold =
    notes === 0
      ? ''
      : `; ${notes} ${notes === 1 ? 'note tells' : 'notes tell'} what was not asked or is yours to judge`;
  if (faults > 0) return `${faults} of ${findings.length} are not as they should be${untold}`;
  return notes === 0 ? 'all is as it should be' : `nothing is wrong of what could be looked at${untold}`;
}

const areas = { aws: 'AWS', gcp: 'Google Cloud', azure: 'Azure' } as const satisfies Record<Cloud, Finding['area']>;

const ledgerRepair = 'see TRIREME_LEDGER, and whether git may read there';
const stackWords = ({ stacks }: StackFiles) => stacks.map(({ stack }) => stack.name).join(', ');
const policyWords = ({ approvals }: Policy) => `approvals by ${approvals.via.join(', ')}`;

interface Attempt<T> {
  readonly value: T | undefined;
  readonly finding: Judged;
}

/** A document that can't be read is a finding like any other. @param words what is said of one that can. */
async function attempt<T>(
  subject: string,
  read: () => Promise<T>,
  words: (value: T) => string,
  repair: string,
): Promise<Attempt<T>> {
  try {
    const value = await read();
    return { value, finding: good(subject, words(value)) };
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    return { value: undefined, finding: fault(subject, 'one that can be read', error.message, error.hint ?? repair) };
  }
}

async function readPolicy({ environment }: Cli): Promise<Policy> {
  const path = join(environment.checkout, 'policy.yaml');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DeliveryError('document-invalid', `expected the rules in ${path}; found no file`, { cause });
  });
  return parsePolicy(text);
}

async function readLedger({ environment }: Cli): Promise<{ readonly count: number; readonly location: string }> {
  const { ledger } = await wireLedger(environment);
  return { count: (await ledger.facts()).length, location: ledger.location };
}

async function workflowFiles({ environment }: Cli): Promise<readonly WorkflowFile[]> {
  const folder = join(environment.checkout, '.github');
  const list = (path: string) => readdir(join(folder, path)).catch(() => [] as string[]);
  const [workflows, actions] = await Promise.all([list('workflows'), list('actions')]);
  const files = [
    ...workflows.filter((name) => /\.ya?ml$/.test(name)).map((name) => ({ name, path: join('workflows', name) })),
    ...actions.map((name) => ({ name: `actions/${name}`, path: join('actions', name, 'action.yml') })),
  ];
  return Promise.all(files.map(async ({ name, path }) => ({ name, text: await readFile(join(folder, path), 'utf8') })));
}

function cloudsOf(files: StackFiles | undefined): readonly Cloud[] {
  return [...new Set((files?.stacks ?? []).map(({ stack }) => stack.cloud))];
}

/** The template's own names are nobody's. */
function filledIn(files: StackFiles | undefined): GithubConfig | undefined {
  const text = files?.texts[githubStack];
  const found = text === undefined ? undefined : parseStackFile(githubStack, text);
  return found?.kind === 'github' && found.config.owner !== 'your-organisation' ? found.config : undefined;
}

function trustFindings(files: StackFiles | undefined, config: GithubConfig | undefined): readonly Judged[] {
  try {
    return judgeTrust(trustIn(files), config);
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    return [fault('foundations', 'stack files that can be read', error.message, error.hint ?? 'edit the stack file')];
  }
}

function trustIn(files: StackFiles | undefined): readonly StatedTrust[] {
  return (files?.foundations ?? []).flatMap((cloud) => {
    const stack = foundationOf(cloud);
    const found = parseStackFile(stack, files?.texts[stack] ?? '');
    return found.kind === 'foundation' && found.config.github !== undefined
      ? [{ stack, github: found.config.github }]
      : [];
  });
}

async function githubFindings(
  { environment }: Cli,
  needs: Needs,
  policy: Policy | undefined,
  config: GithubConfig | undefined,
): Promise<readonly Judged[]> {
  const { token, apiUrl } = environment.github;
  const repository =
    environment.github.repository ?? (config === undefined ? undefined : `${config.owner}/${config.repository}`);
  if (token === undefined || repository === undefined || policy === undefined) {
    const missing =
      token === undefined ? 'no GITHUB_TOKEN' : repository === undefined ? 'no repository named' : 'no policy';
    return [
      note(
        'GitHub',
        'environments, rules and variables',
        `not asked: ${missing}`,
        'GITHUB_TOKEN and GITHUB_REPOSITORY=owner/name; then: npx trireme doctor',
      ),
    ];
  }
  const [{ connectGithub }, { inspect }] = await Promise.all([
    import('../../github/client.ts'),
    import('../../github/inspection.ts'),
  ]);
  try {
    const reality = await inspect(await connectGithub({ repository, token, apiUrl }));
    const unfilled = note(
      'stacks/Pulumi.github.yaml',
      'your reviewers and variables',
      'the template’s made-up ones',
      'edit stacks/Pulumi.github.yaml',
    );
    return [
      ...(config === undefined ? [unfilled] : []),
      ...judgeReality(reality, { repository, needs, policy, config }),
    ];
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    return [
      fault(
        repository,
        'a repository that this token may read',
        error.message,
        error.hint ?? 'see GITHUB_TOKEN and GITHUB_REPOSITORY',
      ),
    ];
  }
}

function linesOf(
  { output }: Cli,
  { area, subject, outcome, expected, found, repair, brief }: Finding,
): readonly string[] {
  const marks = {
    good: output.paint('good ', 'green'),
    note: output.paint('note ', 'yellow'),
    fault: output.paint('fault', 'red'),
  };
  const head = `${marks[outcome]}  ${area}: ${subject}`;
  if (outcome === 'good' || brief === true) return [`${head}: ${found}`];
  return [
    head,
    `         expected ${expected}`,
    `         found    ${found}`,
    ...(repair === undefined ? [] : [`         repair   ${repair}`]),
  ];
}
