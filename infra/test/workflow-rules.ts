// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of GitHub Actions
// What actionlint and zizmor do not catch in our workflows, as pure rules over the parsed files.
import { parse } from 'yaml';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, unknown>>;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly uses?: string;
  readonly secrets?: unknown;
  readonly environment?: unknown;
  readonly permissions?: unknown;
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly 'fail-fast'?: boolean; readonly 'max-parallel'?: number; readonly matrix?: unknown };
  readonly concurrency?: unknown;
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly on?: unknown;
  readonly permissions?: unknown;
  readonly concurrency?: { readonly 'cancel-in-progress'?: unknown };
  readonly jobs: Readonly<Record<string, Job>>;
}

/** The environments this repository has; GitHub makes a misspelt one on the spot, without any protection. */
export const environments = ['dev', 'prod', 'prod-plan', 'prod-rollback'];

/** Every action in use: the commit, and the version it is. */
export const pins: Readonly<Record<string, { readonly commit: string; readonly version: string }>> = {
  'actions/checkout': { commit: '3d3c42e5aac5ba805825da76410c181273ba90b1', version: 'v7.0.1' },
  'actions/setup-node': { commit: '820762786026740c76f36085b0efc47a31fe5020', version: 'v7.0.0' },
  'actions/upload-artifact': { commit: 'bbbca2ddaa5d8feaa63e36b76fdaad77386f024f', version: 'v7.0.0' },
  'actions/download-artifact': { commit: '3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c', version: 'v8.0.1' },
  'actions/attest': { commit: '1e69f48acb82d1966a394da916b4c1698aa569d6', version: 'v4.2.2' },
  'aws-actions/configure-aws-credentials': { commit: 'e6de054238d6b7531b4efff3b6587d9aade6a06c', version: 'v6.2.3' },
  'google-github-actions/auth': { commit: '7c6bc770dae815cd3e89ee6cdf493a5fab2cc093', version: 'v3.0.0' },
  'azure/login': { commit: 'f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca', version: 'v3.0.1' },
};

/** Longer than this belongs in the command line, where it is tested and runs on a laptop. */
const mostShellLines = 10;

export function workflowFaults(file: string, text: string): readonly string[] {
  const workflow = parse(text) as Workflow;
  const jobs = Object.entries(workflow.jobs ?? {});
  const faults = [
    ...(isEmpty(workflow.permissions) ? [] : ['permissions: expected `{}` at the top, widened in each job']),
    ...(/^#.*\n(#.*\n)*/.test(text) && /^#.*Called by/m.test(text)
      ? []
      : ['header: expected a comment with the purpose and `Called by …`']),
    ...(workflow.concurrency === undefined ? ['concurrency: expected a group; found none'] : []),
    ...(isCancelling(workflow) ? ['cancel-in-progress: only ci may cancel, and only for a pull request'] : []),
    ...(/GIT_CONFIG_KEY_\d+: credential\.helper/.test(text)
      ? ['credential.helper: a token for every host; expected credential.${{ github.server_url }}.helper']
      : []),
    ...pinFaults(text),
    ...clockFaults(workflow),
    ...jobs.flatMap(([id, job]) => rightFaults(file, job).map((fault) => `${id}: ${fault}`)),
    ...jobs.flatMap(([id, job]) => jobFaults(job).map((fault) => `${id}: ${fault}`)),
  ];
  return faults.map((fault) => `${file}: ${fault}`);
}

/** One approval must cover every leg: GitHub asks once for the jobs that become eligible together. */
export function approvalFaults(files: readonly { readonly file: string; readonly text: string }[]): readonly string[] {
  const guarded = files.flatMap(({ file, text }) =>
    Object.entries((parse(text) as Workflow).jobs)
      .filter(([, job]) => environmentOf(job) === 'prod')
      .map(([id, job]) => ({ name: `${file}: ${id}`, job })),
  );
  if (guarded.length !== 1) {
    const found = guarded.map(({ name }) => name).join(', ') || 'none';
    return [`expected exactly one job that names prod; found ${found}`];
  }
  return guarded.flatMap(({ name, job }) => [
    ...(job.strategy?.matrix === undefined ? [`${name}: expected a matrix, one leg for each cloud`] : []),
    ...(isGatedBeforeLogin(job.steps ?? [])
      ? []
      : [`${name}: expected a step \`gate\` that runs \`trireme approve\` before any login`]),
  ]);
}

/** `npx trireme <verb> --option …` as they stand in the scripts of a workflow. */
export function commandsIn(text: string): readonly { readonly verb: string; readonly options: readonly string[] }[] {
  const scripts = Object.values((parse(text) as Workflow).jobs).flatMap((job) =>
    (job.steps ?? []).flatMap(({ run }) => run ?? []),
  );
  return scripts.flatMap((script) => {
    const verb = /npx trireme ([a-z][a-z-]*)/.exec(script)?.[1];
    // Options may stand in a shell array built above the command; those of `gh` and `jq` are not ours.
    const own = script
      .split('\n')
      .filter((line) => /npx trireme|arguments/.test(line))
      .map((line) => line.split(/\||>/)[0] ?? line);
    return verb === undefined
      ? []
      : [{ verb, options: own.flatMap((line) => line.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []) }];
  });
}

/** Also for the composite actions, which have steps but no jobs. */
export function pinFaults(text: string): readonly string[] {
  return [...text.matchAll(/^\s*(?:- )?uses: ([^\s#]+)(.*)$/gm)].flatMap(([, reference = '', comment = '']) => {
    if (reference.startsWith('./')) return [];
    const [action = '', commit] = reference.split('@');
    const pin = pins[action];
    if (pin === undefined) return [`${action}: not among the known actions; add it with its commit and version`];
    if (commit !== pin.commit)
      return [`${action}: expected the commit of ${pin.version}, ${pin.commit}; found ${commit}`];
    return comment.trim() === `# ${pin.version}`
      ? []
      : [`${action}: expected the comment \`# ${pin.version}\`; found \`${comment.trim()}\``];
  });
}

/** What runs without a person asking for it. */
function clockFaults({ on, jobs }: Workflow): readonly string[] {
  if (!isRecord(on) || !('schedule' in on)) return [];
  const times = Array.isArray(on.schedule) ? on.schedule.map((one: { cron?: unknown }) => String(one.cron)) : [];
  return [
    ...('workflow_dispatch' in on
      ? []
      : ['schedule: expected workflow_dispatch too: whoever fixed something need not wait']),
    ...times
      .filter((cron) => !/^[1-9]/.test(cron))
      .map((cron) => `schedule: expected a minute other than 0, when GitHub is late; found \`${cron}\``),
    ...Object.entries(jobs).flatMap(([id, job]) => {
      const environment = environmentOf(job);
      return [
        ...(environment === 'prod' || environment === 'prod-rollback'
          ? [`${id}: environment: the clock never changes prod; expected prod-plan, found ${environment}`]
          : []),
        ...(rightsOf(job).includes('id-token') && rightsOf(job).length > 1
          ? [
              `${id}: permissions: what the clock logs in to a cloud may write nothing; found ${rightsOf(job).join(', ')}`,
            ]
          : []),
      ];
    }),
  ];
}

/** Rights that one workflow needs and no other may have. */
function rightFaults(file: string, job: Job): readonly string[] {
  const rights = rightsOf(job);
  return [
    ...(rights.includes('pull-requests') && !/(^|\/)(retrain|preview-comment)\.yml$/.test(file)
      ? ['pull-requests: only retrain and preview-comment may write them']
      : []),
    ...(rights.includes('issues') && rights.length > 1
      ? [`issues: a job that writes them writes nothing else; found ${rights.join(', ')}`]
      : []),
    // Where a team's own code has run, a token that writes pull requests could propose anything.
    ...(rights.includes('pull-requests') && (job.steps ?? []).some(({ uses }) => uses?.endsWith('/actions/setup'))
      ? ['pull-requests: expected a job that installs nothing']
      : []),
  ];
}

/** What a job may write. */
function rightsOf({ permissions }: Job): readonly string[] {
  if (!isRecord(permissions)) return [];
  return Object.keys(permissions).filter((right) => permissions[right] === 'write');
}

function jobFaults(job: Job): readonly string[] {
  const environment = environmentOf(job);
  const text = JSON.stringify(job);
  const isTrusted = isRecord(job.permissions) && job.permissions['id-token'] === 'write';
  return [
    ...(isRecord(job.permissions) ? [] : ['permissions: expected each right by name']),
    ...(job.secrets === 'inherit' ? ['secrets: expected each secret by name; found `inherit`'] : []),
    ...(job.uses === undefined && job['timeout-minutes'] === undefined ? ['timeout-minutes: expected one'] : []),
    ...(environment === undefined || environments.includes(environment)
      ? []
      : [`environment: expected one of ${environments.join(', ')}, written out; found \`${environment}\``]),
    ...(isTrusted && environment === undefined ? ['id-token: write without an environment'] : []),
    ...(/secrets\.(?!GITHUB_TOKEN)/.test(text) && environment === undefined ? ['a secret outside an environment'] : []),
    ...(job.strategy?.['max-parallel'] === undefined
      ? []
      : ['max-parallel: each wave asks for an approval of its own']),
    ...(job.strategy?.matrix !== undefined && environment !== undefined && job.strategy['fail-fast'] !== false
      ? ['fail-fast: expected false; a cancelled leg strands a lock']
      : []),
    ...(/"if":"[^"]*github\.ref\b/.test(text)
      ? ['if: a condition on the branch turns a refusal into a green run']
      : []),
    ...(job.steps ?? []).flatMap(stepFaults),
  ];
}

function stepFaults({ uses = '', run = '', with: inputs, env = {} }: Step): readonly string[] {
  return [
    ...(uses.startsWith('actions/checkout@') && inputs?.['persist-credentials'] !== false
      ? ['checkout: expected persist-credentials: false']
      : []),
    ...(/npx trireme (promote|rollback|stack-drift [^\n]*--tell)\b/.test(run) && !('TRIREME_NOTICE_WEBHOOK' in env)
      ? ['TRIREME_NOTICE_WEBHOOK: expected where prod is changed or drifted, or what goes wrong is told to nobody']
      : []),
    ...(/npx trireme stack-drift [^\n]*--from\b/.test(run) && !/ --tell\b/.test(run)
      ? ['stack-drift: expected --tell where the looks are put together, or what differs is told to nobody']
      : []),
    ...(run.includes('${{') ? ['run: expected values through env; found an expression in the script'] : []),
    ...(run.trim().split('\n').length > mostShellLines
      ? [`run: expected at most ${mostShellLines} lines; the logic belongs in the command line`]
      : []),
  ];
}

function isCancelling({ concurrency, on }: Workflow): boolean {
  const cancels = concurrency?.['cancel-in-progress'] ?? false;
  if (cancels === false) return false;
  const isOfPullRequests = isRecord(on) && 'pull_request' in on;
  return !isOfPullRequests || cancels !== "${{ github.event_name == 'pull_request' }}";
}

function isGatedBeforeLogin(steps: readonly Step[]): boolean {
  const gate = steps.findIndex(({ name, run }) => name === 'gate' && run?.includes('trireme approve'));
  const login = steps.findIndex(
    ({ uses }) => uses !== undefined && /actions\/login|credentials|\/auth@|\/login@/.test(uses),
  );
  return gate !== -1 && login !== -1 && gate < login;
}

function environmentOf({ environment }: Job): string | undefined {
  const name = isRecord(environment) ? environment.name : environment;
  return name === undefined ? undefined : String(name);
}

function isEmpty(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
