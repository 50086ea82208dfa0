// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of GitHub Actions
import { execFile } from 'node:child_process';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { approvalFaults, commandsIn, pinFaults, workflowFaults } from './workflow-rules.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

async function read(pattern: string): Promise<{ file: string; text: string }[]> {
  const found: { file: string; text: string }[] = [];
  for await (const path of glob(`.github/${pattern}`, { cwd: repository })) {
    found.push({ file: path.replaceAll('\\', '/'), text: await readFile(join(repository, path), 'utf8') });
  }
  return found.sort((a, b) => a.file.localeCompare(b.file));
}

const workflows = await read('workflows/*.yml');
const actions = await read('actions/*/action.yml');

const checkout = '3d3c42e5aac5ba805825da76410c181273ba90b1';
const good = `# Does nothing. Called by nobody.
name: good
on: { workflow_dispatch: }
permissions: {}
concurrency: { group: good, cancel-in-progress: false }
jobs:
  deploy:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    environment: prod
    strategy: { fail-fast: false, matrix: { cloud: [aws] } }
    permissions: { id-token: write }
    steps:
      - uses: actions/checkout@${checkout} # v7.0.1
        with: { persist-credentials: false }
      - name: gate
        run: npx trireme approve "$PROMOTION"
      - uses: ./.github/actions/login
      - run: npx trireme promote --promotion "$PROMOTION"
        env: { TRIREME_NOTICE_WEBHOOK: '\${{ secrets.TRIREME_NOTICE_WEBHOOK }}' }
`;
const change = (from: string, to: string) => {
  expect(good).toContain(from);
  return good.replace(from, to);
};

const planted: readonly (readonly [rule: string, from: string, to: string, word: string])[] = [
  ['rights for the whole workflow', 'permissions: {}', 'permissions: write-all', 'at the top'],
  ['rights in bulk for a job', 'permissions: { id-token: write }', 'permissions: write-all', 'each right by name'],
  ['no purpose', '# Does nothing. Called by nobody.\n', '', 'header'],
  ['no concurrency group', 'concurrency: { group: good, cancel-in-progress: false }\n', '', 'concurrency'],
  ['a deployment that can be cancelled', 'in-progress: false', 'in-progress: true', 'cancel-in-progress'],
  ['an environment by expression', 'environment: prod', 'environment: ${{ inputs.environment }}', 'written out'],
  ['a misspelt environment', 'environment: prod', 'environment: { name: production }', 'written out'],
  ['approvals in waves', 'fail-fast: false,', 'fail-fast: false, max-parallel: 1,', 'max-parallel'],
  ['legs that cancel each other', 'fail-fast: false, ', '', 'fail-fast'],
  ['no time-out', '    timeout-minutes: 5\n', '', 'timeout-minutes'],
  ['cloud rights without an environment', '    environment: prod\n', '', 'without an environment'],
  ['a floating action', `@${checkout} # v7.0.1`, '@v7', 'expected the commit'],
  ['a version comment that lies', '# v7.0.1', '# v6.0.0', 'expected the comment'],
  ['an unknown action', `actions/checkout@${checkout}`, `actions/chekout@${checkout}`, 'not among'],
  ['a checkout that keeps its token', '{ persist-credentials: false }', '{ fetch-depth: 0 }', 'persist-credentials'],
  ['an expression in a script', '"$PROMOTION"\n      - uses', '${{ inputs.promotion }}\n      - uses', 'through env'],
  [
    'a program in a script',
    'run: npx trireme approve "$PROMOTION"',
    `run: |\n${'          true\n'.repeat(11)}`,
    'at most',
  ],
  [
    'a branch condition',
    'timeout-minutes: 5',
    `timeout-minutes: 5\n    if: github.ref == 'refs/heads/main'`,
    'green run',
  ],
  [
    'prod by the clock',
    'on: { workflow_dispatch: }',
    "on: { workflow_dispatch: , schedule: [{ cron: '7 5 * * *' }] }",
    'the clock never changes prod',
  ],
  [
    'a clock that nobody can set off',
    'on: { workflow_dispatch: }',
    "on: { schedule: [{ cron: '7 5 * * *' }] }",
    'workflow_dispatch too',
  ],
  [
    'a clock at the full hour',
    'on: { workflow_dispatch: }',
    "on: { workflow_dispatch: , schedule: [{ cron: '0 5 * * *' }] }",
    'other than 0',
  ],
  [
    'pull requests by anybody',
    'permissions: { id-token: write }',
    'permissions: { pull-requests: write }',
    'only retrain',
  ],
  [
    'issues and more in one job',
    'permissions: { id-token: write }',
    'permissions: { issues: write, contents: write }',
    'writes nothing else',
  ],
  ['a token for every host', 'jobs:', 'env:\n  GIT_CONFIG_KEY_0: credential.helper\njobs:', 'a token for every host'],
  ['a promotion that tells nobody', 'TRIREME_NOTICE_WEBHOOK:', 'NOTICE:', 'told to nobody'],
  [
    'drift that nobody is told of',
    'npx trireme promote --promotion "$PROMOTION"',
    'npx trireme stack-drift --from "$RUNNER_TEMP"',
    'expected --tell',
  ],
  [
    'drift that is told to no address',
    'promote --promotion "$PROMOTION"\n        env: { TRIREME',
    'stack-drift --from x --tell\n        env: { X',
    'told to nobody',
  ],
  ['inherited secrets', 'timeout-minutes: 5', 'timeout-minutes: 5\n    secrets: inherit', 'inherit'],
];

const ungated: readonly (readonly [rule: string, texts: readonly string[], word: string])[] = [
  ['two jobs name prod', [good, good], 'exactly one job'],
  ['no job names prod', [change('environment: prod', 'environment: dev')], 'exactly one job'],
  ['it is no matrix', [change('    strategy: { fail-fast: false, matrix: { cloud: [aws] } }\n', '')], 'a matrix'],
  ['there is no gate', [change('name: gate', 'name: something')], 'before any login'],
  [
    'a login comes before the gate',
    [change('      - name: gate', '      - uses: ./.github/actions/login\n      - name: gate')],
    'before any login',
  ],
];

/** What git would send to a host, with the configuration of a workflow and none of this machine. */
async function passwordFor(host: string, env: object): Promise<string> {
  const asked = promisify(execFile)('git', ['credential', 'fill'], {
    env: {
      PATH: process.env.PATH,
      ...env,
      GITHUB_TOKEN: 'of-the-job',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      LC_ALL: 'C',
    },
  });
  asked.child.stdin?.end(`protocol=https\nhost=${host}\n\n`);
  return (await asked).stdout;
}

describe('the rules', () => {
  it('find nothing in a good file', () => {
    expect(workflowFaults('good.yml', good)).toEqual([]);
    expect(approvalFaults([{ file: 'good.yml', text: good }])).toEqual([]);
  });

  it.each(planted)('find %s', (_rule, from, to, word) => {
    expect(workflowFaults('bad.yml', change(from, to)).join('\n')).toContain(word);
  });

  it.each(ungated)('find that %s', (_rule, texts, word) => {
    expect(approvalFaults(texts.map((text, index) => ({ file: `${index}.yml`, text }))).join('\n')).toContain(word);
  });

  it('find the clock writing where it logs in to a cloud', () => {
    const text = change('environment: prod', 'environment: prod-plan')
      .replace('on: { workflow_dispatch: }', "on: { workflow_dispatch: , schedule: [{ cron: '7 5 * * *' }] }")
      .replace('{ id-token: write }', '{ id-token: write, contents: read }');
    expect(workflowFaults('clock.yml', text)).toEqual([]);
    const writing = text.replace('contents: read', 'contents: write');
    expect(workflowFaults('clock.yml', writing).join('\n')).toContain('may write nothing');
  });

  it('let retrain alone write pull requests, in a job that installs nothing', () => {
    const text = change('{ id-token: write }', '{ pull-requests: write }');
    expect(workflowFaults('retrain.yml', text)).toEqual([]);
    const installing = text.replace('- uses: ./.github/actions/login', '- uses: ./.github/actions/setup');
    expect(workflowFaults('retrain.yml', installing).join('\n')).toContain('installs nothing');
  });

  it('read the commands of a script, those in a shell array too', () => {
    const script =
      'arguments=(--engine podman)\n          npx trireme release "${arguments[@]}" --json > x && jq --slurp . x';
    const text = change('npx trireme promote --promotion "$PROMOTION"', `|\n          ${script}`);
    expect(commandsIn(text).at(-1)).toEqual({ verb: 'release', options: ['--engine', '--json'] });
  });
});

describe('this repository', () => {
  it('has these workflows', () => {
    const names = workflows.map(({ file }) => file.replace('.github/workflows/', ''));
    expect(names).toEqual([
      'ci.yml',
      'drift.yml',
      'nightly.yml',
      'pages.yml',
      'preview-comment.yml',
      'preview.yml',
      'promote.yml',
      'release.yml',
      'retrain.yml',
      'rollback.yml',
    ]);
  });

  it('breaks no rule', () => {
    const found = [...workflows.flatMap(({ file, text }) => workflowFaults(file, text)), ...approvalFaults(workflows)];
    expect([...found, ...actions.flatMap(({ text }) => pinFaults(text))]).toEqual([]);
  });

  it('simulates with options that the simulator has', async () => {
    const text = workflows.find(({ file }) => file.endsWith('/nightly.yml'))?.text ?? '';
    const used = [...text.matchAll(/npm run simulate -- ([^|>\n]*)/g)].flatMap(([, words = '']) =>
      words.match(/--[a-z]+/g),
    );
    expect(used).toEqual(expect.arrayContaining(['--schedules', '--seed', '--trace', '--mutants']));
    const program = await readFile(join(repository, 'infra/simulator/main.ts'), 'utf8');
    const known = [...program.matchAll(/^ {6}([a-z]+): \{ type: /gm)].map(([, option]) => `--${option}`);
    expect(used.filter((option) => !known.includes(option ?? ''))).toEqual([]);
  });

  it('gives its token to the host of the repository, and to no other', async () => {
    const helped = workflows.filter(({ text }) => text.includes('GIT_CONFIG_KEY_0'));
    expect(helped.map(({ file }) => file.split('/').at(-1))).toEqual([
      'drift.yml',
      'pages.yml',
      'promote.yml',
      'release.yml',
      'rollback.yml',
    ]);
    for (const { text } of helped) {
      const { env } = parse(text.replaceAll('${{ github.server_url }}', 'https://github.test')) as { env: object };
      expect(await passwordFor('github.test', env)).toContain('password=of-the-job\n');
      await expect(passwordFor('elsewhere.test', env)).rejects.toThrow('could not read Username');
    }
  });

  it('verifies the whole ledger before a promotion is prepared, and after a rollback only', () => {
    const verify = 'npx trireme history --verify';
    const runs = (file: string, job: string) => {
      const found = parse(workflows.find((one) => one.file.endsWith(`/${file}`))?.text ?? '') as {
        jobs: Record<string, { steps: { run?: string }[] }>;
      };
      return (found.jobs[job]?.steps ?? []).flatMap(({ run }) => run ?? []);
    };
    const prepare = runs('promote.yml', 'prepare');
    expect(prepare[0]).toBe(verify);
    expect(prepare[1]).toContain('promote --prepare');
    expect(runs('rollback.yml', 'deploy').join('\n')).not.toContain('history');
    expect(runs('rollback.yml', 'finalise').at(-1)).toBe(verify);
  });

  it('says in every action who calls it', () => {
    expect(actions.filter(({ text }) => !/^# [\s\S]*Called by/.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it('uses verbs and options that the command line has', async () => {
    const used = workflows.flatMap(({ text }) => commandsIn(text));
    expect(new Set(used.map(({ verb }) => verb))).toEqual(
      new Set([
        'approve',
        'audit',
        'deploy',
        'ensure',
        'history',
        'model',
        'preview',
        'promote',
        'release',
        'rollback',
        'stack-drift',
        'status',
        'train',
        'verify',
      ]),
    );
    for (const verb of new Set(used.map((one) => one.verb))) {
      const { stdout } = await promisify(execFile)('node', ['bin/trireme.mjs', verb, '--help'], { cwd: repository });
      const options = new Set(used.filter((one) => one.verb === verb).flatMap((one) => one.options));
      const unknown = [...options].filter((option) => !new RegExp(`${option}\\b`).test(stdout));
      expect({ verb, unknown }).toEqual({ verb, unknown: [] });
    }
  });
});
