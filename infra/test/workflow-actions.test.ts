import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const execute = promisify(execFile);
const base = '/repos/acme/wine';

const bot = { login: 'github-actions[bot]' };

/** What GitHub holds of one repository: as much of it as the actions ask for. */
class Github {
  readonly said: { call: string; body: Record<string, unknown> }[] = [];
  issues: Record<string, unknown>[] = [];
  pulls: Record<string, unknown>[] = [];
  branches = new Map<string, string>();
  comments: Record<string, unknown>[] = [];

  answer(call: string, query: URLSearchParams, body: Record<string, unknown>): [status: number, body: unknown] {
    if (!call.startsWith('GET')) this.said.push({ call, body });
    const [method = '', path = ''] = call.split(' ');
    const number = Number(path.split('/').at(-1));
    if (call === 'GET /issues')
      return [200, query.get('creator') === 'github-actions[bot]' ? this.listed(this.issues, query) : []];
    if (call === 'POST /issues') return [201, this.add(this.issues, body)];
    if (call === 'GET /pulls')
      return [200, this.listed(this.pulls, query).filter(({ head }) => query.get('head') === `acme:${head}`)];
    if (call === 'POST /pulls') return [201, this.add(this.pulls, body)];
    if (method === 'PATCH' && /^\/(issues|pulls)\/\d+$/.test(path)) {
      const found = (path.startsWith('/issues') ? this.issues : this.pulls).find((one) => one.number === number);
      return found === undefined ? [404, {}] : [200, Object.assign(found, body)];
    }
    if (call === 'GET /issues/5/comments') {
      const first = 100 * (Number(query.get('page')) - 1);
      return [200, this.comments.slice(first, first + Number(query.get('per_page')))];
    }
    if (call === 'POST /issues/5/comments') {
      const made = { id: 1000 + this.comments.length, user: bot, html_url: 'https://github.example/c', ...body };
      this.comments.push(made);
      return [201, made];
    }
    if (method === 'PATCH' && path.startsWith('/issues/comments/')) {
      const found = this.comments.find(({ id }) => id === number);
      return found === undefined ? [404, {}] : [200, Object.assign(found, body)];
    }
    if (path.startsWith('/git/ref')) return this.refs(method, path, body);
    if (call === 'GET /contents/model.lock.json') return [200, this.branches.get(query.get('ref') ?? '') ?? ''];
    if (call === 'PUT /contents/model.lock.json') {
      this.branches.set(String(body.branch), Buffer.from(String(body.content), 'base64').toString());
      return [201, {}];
    }
    return path.endsWith('/dispatches') ? [204, ''] : [404, { message: call }];
  }

  private refs(method: string, path: string, body: Record<string, unknown>): [number, unknown] {
    const branch = method === 'POST' ? String(body.ref).slice('refs/heads/'.length) : path.split('/heads/')[1];
    if (branch === undefined || (method !== 'POST' && !this.branches.has(branch))) return [404, {}];
    if (method !== 'GET') this.branches.set(branch, 'as on main');
    return [200, {}];
  }

  private listed(all: Record<string, unknown>[], query: URLSearchParams) {
    return all.filter(({ state }) => state === query.get('state'));
  }

  private add(to: Record<string, unknown>[], body: Record<string, unknown>) {
    const made = { state: 'open', ...body, number: 7 + to.length, html_url: 'https://github.example/7' };
    to.push(made);
    return made;
  }
}

let github: Github;
let server: Server;
let folder: string;

beforeEach(async () => {
  github = new Github();
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? '', 'http://localhost');
    expect(request.headers.authorization).toBe('Bearer token');
    const call = `${request.method} ${url.pathname.replace(base, '')}`;
    const [status, body] = github.answer(call, url.searchParams, text === '' ? {} : JSON.parse(text));
    response.statusCode = status;
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  folder = await mkdtemp(join(tmpdir(), 'trireme-action-'));
  const git = (...words: string[]) =>
    execute('git', ['-c', 'user.name=ada', '-c', 'user.email=ada@example.org', ...words], { cwd: folder });
  await writeFile(join(folder, 'model.lock.json'), 'old lock\n');
  await git('init', '--quiet');
  await git('add', 'model.lock.json');
  await git('-c', 'commit.gpgsign=false', 'commit', '--quiet', '--no-verify', '--message', 'first');
});
afterEach(async () => {
  await new Promise((closed) => server.close(closed));
  await rm(folder, { recursive: true, force: true });
});

/** The script of a composite action's one step, as a runner runs it. */
async function run(
  action: string,
  variables: Readonly<Record<string, string>>,
): Promise<{ code: number; printed: string }> {
  const text = await readFile(join(repository, '.github', 'actions', action, 'action.yml'), 'utf8');
  const [step] = (parse(text) as { runs: { steps: { run: string }[] } }).runs.steps;
  const { port } = server.address() as AddressInfo;
  const env = {
    PATH: process.env.PATH,
    GITHUB_API_URL: `http://127.0.0.1:${port}`,
    GITHUB_REPOSITORY: 'acme/wine',
    GITHUB_TOKEN: 'token',
    RUNNER_TEMP: folder,
    NO_PROXY: '127.0.0.1',
    ...variables,
  };
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step?.run ?? 'false'], {
    cwd: folder,
    env,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += String(chunk)));
  return new Promise((end) => child.on('close', (code) => end({ code: code ?? 1, printed })));
}

const calls = () => github.said.map(({ call }) => call);

describe('the action issue', () => {
  const issue = async (state: string, text = 'what drifted') => {
    await writeFile(join(folder, 'body.md'), text);
    return run('issue', { TITLE: 'Stack drift', BODY: join(folder, 'body.md'), STATE: state });
  };

  it('opens one issue, writes it anew, closes it, and then has nothing to close', async () => {
    expect(await issue('closed')).toMatchObject({ code: 0 });
    expect(calls()).toEqual([]);
    expect(await issue('open')).toMatchObject({ code: 0, printed: 'open: https://github.example/7\n' });
    expect(await issue('open', '"more"\nof it')).toMatchObject({ code: 0 });
    expect(github.issues).toMatchObject([{ number: 7, title: 'Stack drift', body: '"more"\nof it', state: 'open' }]);
    expect(await issue('closed')).toMatchObject({ code: 0 });
    expect(await issue('closed')).toMatchObject({ code: 0 });
    expect(calls()).toEqual(['POST /issues', 'PATCH /issues/7', 'PATCH /issues/7']);
    expect(github.issues).toMatchObject([{ state: 'closed', body: '"more"\nof it' }]);
  });

  it('takes neither another title nor a pull request for its own', async () => {
    github.issues = [
      { number: 1, state: 'open', title: 'Stack drift of old' },
      { number: 2, state: 'open', title: 'Stack drift', pull_request: {} },
    ];
    await issue('open');
    expect(calls()).toEqual(['POST /issues']);
  });

  it('fails where GitHub refuses', async () => {
    github.answer = () => [403, { message: 'Resource not accessible by integration' }];
    const { code, printed } = await issue('open');
    expect(code).not.toBe(0);
    expect(printed).toContain('error: 403');
  });
});

describe('the action propose', () => {
  const propose = async (content: string, branch = 'retrain/model-lock') => {
    await writeFile(join(folder, 'new.json'), content);
    await writeFile(join(folder, 'body.md'), `about ${content}`);
    return run('propose', {
      BRANCH: branch,
      FILE: 'model.lock.json',
      CONTENT: join(folder, 'new.json'),
      TITLE: 'Retrained model',
      BODY: join(folder, 'body.md'),
    });
  };
  const dispatch = 'POST /actions/workflows/ci.yml/dispatches';

  it('makes branch, commit and pull request, and starts ci for them', async () => {
    expect(await propose('lock 1\n')).toMatchObject({ code: 0, printed: 'opened: https://github.example/7\n' });
    expect(calls()).toEqual(['POST /git/refs', 'PUT /contents/model.lock.json', 'POST /pulls', dispatch]);
    expect([...github.branches]).toEqual([['retrain/model-lock', 'lock 1\n']]);
    expect(github.pulls).toMatchObject([{ head: 'retrain/model-lock', base: 'main', body: 'about lock 1\n' }]);
    const { stdout: head } = await execute('git', ['rev-parse', 'HEAD'], { cwd: folder });
    expect(github.said[0]?.body).toEqual({ ref: 'refs/heads/retrain/model-lock', sha: head.trim() });
    expect(github.said.at(-1)?.body).toEqual({ ref: 'retrain/model-lock' });
  });

  it('leaves alone what is proposed already, with its reviews', async () => {
    await propose('lock 1\n');
    github.said.length = 0;
    expect(await propose('lock 1\n')).toMatchObject({ code: 0, printed: 'proposed already: pull request 7\n' });
    expect(calls()).toEqual([]);
  });

  it('writes the same pull request anew for another model', async () => {
    await propose('lock 1\n');
    github.said.length = 0;
    expect(await propose('lock 2\n')).toMatchObject({ code: 0 });
    expect(calls()).toEqual([
      'PATCH /git/refs/heads/retrain/model-lock',
      'PUT /contents/model.lock.json',
      'PATCH /pulls/7',
      dispatch,
    ]);
    expect(github.said[0]?.body).toMatchObject({ force: true });
    expect(github.pulls).toMatchObject([{ body: 'about lock 2\n' }]);
    expect([...github.branches]).toEqual([['retrain/model-lock', 'lock 2\n']]);
  });

  it('opens another one once that was closed', async () => {
    await propose('lock 1\n');
    for (const pull of github.pulls) pull.state = 'closed';
    expect(await propose('lock 1\n')).toMatchObject({ code: 0 });
    expect(github.pulls.map(({ state }) => state)).toEqual(['closed', 'open']);
  });

  it.each(['main', 'retrain/', 'gh-pages'])('touches no other branch: %s', async (branch) => {
    expect(await propose('lock 1\n', branch)).toMatchObject({ code: 2 });
    expect(calls()).toEqual([]);
  });
});

describe('the action comment', () => {
  const comment = async (text: string | undefined, file = join(folder, 'preview.txt')) => {
    if (text !== undefined) await writeFile(file, text);
    return run('comment', { NUMBER: '5', KIND: 'trireme preview', HEADING: 'What would change', TEXT: file });
  };
  const bodies = () => github.comments.map(({ body }) => String(body));

  it('is one, however often it is told, and no one but its own', async () => {
    const mark = '<!-- trireme preview -->';
    github.comments = [
      { id: 1, user: { login: 'mallory' }, body: `${mark} mine` },
      { id: 2, user: bot, body: 'of another workflow' },
    ];
    expect(await comment('gcp-prod: 1 resource')).toMatchObject({ code: 0, printed: 'https://github.example/c\n' });
    expect(await comment('no change: gcp-prod')).toMatchObject({ code: 0 });
    expect(calls()).toEqual(['POST /issues/5/comments', 'PATCH /issues/comments/1002']);
    expect(bodies()[2]).toBe(`${mark}\nWhat would change\n\n\`\`\`text\nno change: gcp-prod\n\`\`\``);
    expect(bodies().slice(0, 2)).toEqual([`${mark} mine`, 'of another workflow']);
  });

  it('is found behind a hundred others', async () => {
    github.comments = Array.from({ length: 130 }, (_, id) => ({ id, user: { login: 'ada' }, body: 'a word' }));
    await comment('first');
    await comment('second');
    expect(calls()).toEqual(['POST /issues/5/comments', 'PATCH /issues/comments/1130']);
  });

  it('shows text as text: it leaves no fence, and hides nothing', async () => {
    const text =
      'a\n````\n@team ![x](https://evil.example/x.png) <img src=x>\n```js\nb\u202ec\u001b[31m"\\ $(id) `id`\r\n';
    expect(await comment(text)).toMatchObject({ code: 0 });
    const [body = ''] = bodies();
    expect(body.split('\n').filter((line) => line.includes('```'))).toEqual(['```text', '```']);
    expect(body).toContain('bc[31m"\\ $(id) `id`\n');
    expect(body).toContain('@team ![x](https://evil.example/x.png) <img src=x>');
  });

  it('takes no more than a comment holds, and bytes that are no text', async () => {
    await writeFile(
      join(folder, 'preview.txt'),
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.alloc(300_000, 'x')]),
    );
    expect(await comment(undefined)).toMatchObject({ code: 0 });
    expect(bodies()[0]?.length).toBeLessThan(51_000);
    expect(bodies()[0]).toMatch(/x\n```$/);
  });

  it('says that no text came, and follows no link to one', async () => {
    expect(await comment(undefined)).toMatchObject({ code: 0 });
    expect(bodies()[0]).toContain('no text came');
    await writeFile(join(folder, 'secret'), 'hush');
    await symlink(join(folder, 'secret'), join(folder, 'preview.txt'));
    expect(await comment(undefined)).toMatchObject({ code: 0 });
    expect(bodies().join()).not.toContain('hush');
  });
});
