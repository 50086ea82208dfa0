import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root, temporaryFolder } from '../wine.ts';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `node app/cli/main.ts <words>` in a team's folder. */
function trireme(cwd: string, words: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { PATH: String(process.env.PATH), ...environment };
    execFile(process.execPath, [path.join(root, 'app/cli/main.ts'), ...words], { cwd, env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

async function teamFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await cp(path.join(root, 'problem.yaml'), path.join(folder, 'problem.yaml'));
  await cp(path.join(root, 'data/wine.csv'), path.join(folder, 'data/wine.csv'));
  return folder;
}

const lockOf = async (folder: string) => JSON.parse(await readFile(path.join(folder, 'model.lock.json'), 'utf8'));
const storeOf = (folder: string, digest: string) => path.join(folder, '.trireme/models', digest.replace('sha256:', ''));

describe('trireme train', () => {
  it('stores and locks a model, says how good it is and what comes next; the second time there is nothing to do', async () => {
    const folder = await teamFolder();
    const first = await trireme(folder, ['train']);
    expect(first).toMatchObject({ code: 0, err: expect.stringContaining('epoch 20 of 20') });
    expect(first.out).toMatch(
      /trained wine: accuracy 1\.000 .*36 held-out rows\n.*\n.*\nlock: model.lock.json now names it\nnext: .*trireme release\n$/,
    );
    const lock = await lockOf(folder);
    expect(lock).toEqual({
      schema: 'trireme.model-lock/1',
      models: [{ name: 'wine', digest: expect.any(String), url: null }],
    });
    const lineage = JSON.parse(
      await readFile(path.join(storeOf(folder, lock.models[0].digest), 'lineage.json'), 'utf8'),
    );
    expect(lineage).toMatchObject({ schema: 'trireme.lineage/1', parent: null, commit: null });

    expect((await trireme(folder, ['train'])).out).toMatch(/it was there.*\nlock: model.lock.json named it already/);
    expect(await lockOf(folder)).toEqual(lock);
  });

  it('no longer locks what the problem file does not make any more, says so, and keeps what is fetched', async () => {
    const folder = await teamFolder();
    await trireme(folder, ['train']);
    const imported = { name: 'imported', digest: `sha256:${'1'.repeat(64)}`, url: 'https://models.example/imported' };
    const { schema, models } = await lockOf(folder);
    await writeFile(path.join(folder, 'model.lock.json'), JSON.stringify({ schema, models: [imported, ...models] }));
    const problem = path.join(folder, 'problem.yaml');
    await writeFile(problem, (await readFile(problem, 'utf8')).replace(/^name: wine$/m, 'name: barolo'));
    expect((await trireme(folder, ['train'])).out).toContain('no longer locked: wine');
    const lock = await lockOf(folder);
    expect(lock.models.map(({ name }: { name: string }) => name)).toEqual(['imported', 'barolo']);
  });

  it('locks a challenger beside the champion, made by its own problem file, which another machine finds', async () => {
    const folder = await teamFolder();
    const problem = (await readFile(path.join(folder, 'problem.yaml'), 'utf8')).replace('epochs: 20', 'epochs: 1');
    await writeFile(path.join(folder, 'problem.yaml'), problem.replace('accuracy: 0.9', 'accuracy: 0'));
    await trireme(folder, ['train']);
    await writeFile(
      path.join(folder, 'smaller.yaml'),
      problem.replace('accuracy: 0.9', 'accuracy: 0').replace('32, 16', '8'),
    );
    const { out } = await trireme(folder, ['train', '--problem', 'smaller.yaml', '--label', 'challenger']);
    expect(out).toContain('now names it as the challenger');
    const { models } = await lockOf(folder);
    const digest = expect.stringMatching(/^sha256:/);
    expect(models).toEqual([
      { name: 'wine', digest, url: null },
      { name: 'wine', digest, url: null, problem: 'smaller.yaml', label: 'challenger' },
    ]);
    await rm(path.join(folder, '.trireme'), { recursive: true });
    expect(JSON.parse((await trireme(folder, ['ensure', '--json'])).out).models).toMatchObject(models);
  });

  it('makes the model that this repository has locked', async () => {
    const folder = await teamFolder();
    await trireme(folder, ['train']);
    expect(await lockOf(folder)).toEqual(await lockOf(root));
  });

  it('takes another seed, and names the model that was locked before as the parent', async () => {
    const folder = await teamFolder();
    await trireme(folder, ['train']);
    const before = (await lockOf(folder)).models[0].digest;
    const { out } = await trireme(folder, ['train', '--seed', '3', '--json']);
    const { digest, directory, metrics } = JSON.parse(out);
    expect(digest).not.toBe(before);
    expect(metrics.estimates.accuracy.value).toBeGreaterThan(0.9);
    expect(JSON.parse(await readFile(path.join(folder, directory, 'lineage.json'), 'utf8')).parent).toBe(before);
    expect((await lockOf(folder)).models).toEqual([{ name: 'wine', digest, url: null }]);
  });

  it.each([
    ['no verb', [], 2, /expected a verb/],
    ['an unknown verb', ['trian'], 2, /found trian/],
    ['two verbs', ['train', 'serve'], 2, /one verb/],
    ['an unknown label', ['train', '--label', 'best'], 2, /champion or challenger.*found `best`/],
    ['a label where none is given', ['serve', '--label', 'champion'], 2, /with `train`/],
    ['an unknown option', ['train', '--fast'], 2, /--fast/],
    ['a seed that is none', ['train', '--seed', 'x'], 2, /--seed: expected a whole number/],
    ['a seed where the lock decides', ['ensure', '--seed', '3'], 2, /`train` only/],
    [
      'a problem file that is not there',
      ['train', '--problem', 'no.yaml'],
      1,
      /problem file at no\.yaml, found ENOENT/,
    ],
    ['a store that is a file', ['train', '--store', 'problem.yaml'], 1, /expected to write the model store/],
    [
      'a lock in a folder that is not there',
      ['train', '--lock', 'no/lock.json'],
      1,
      /expected to write no\/lock\.json/,
    ],
    ['help', ['train', '--help'], 0, /^$/],
  ])('with %s ends as it should', async (_name, words, code, err) => {
    const ended = await trireme(await teamFolder(), words);
    expect(ended).toMatchObject({ code, err: expect.stringMatching(err) });
    expect(ended.err).not.toMatch(/\n {4}at /);
  });

  it('reports every fault of a problem file and leaves the lock alone', async () => {
    const folder = await teamFolder();
    await writeFile(path.join(folder, 'problem.yaml'), 'schema: trireme.problem/1\nname: wine\ndata: data/wine.csv\n');
    expect(await trireme(folder, ['train'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/task:.*label:.*acceptance:/),
    });
    await expect(lockOf(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('ensure', () => {
  let folder: string;
  let digest: string;
  beforeAll(async () => {
    folder = await teamFolder();
    await trireme(folder, ['train']);
    digest = (await lockOf(folder)).models[0].digest;
  });

  it('does nothing when the store holds the locked model', async () => {
    const ended = await trireme(folder, ['ensure', '--json']);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(ended.out).models).toEqual([
      { name: 'wine', digest, url: null, directory: path.relative(folder, storeOf(folder, digest)) },
    ]);
  });

  it('trains what the store lacks, and what is damaged there, and says which', async () => {
    await rm(path.join(folder, '.trireme'), { recursive: true });
    expect(await trireme(folder, ['ensure'])).toMatchObject({
      code: 0,
      err: expect.stringContaining('is not in the store: training it'),
    });
    await writeFile(path.join(storeOf(folder, digest), 'weights.bin'), 'x');
    expect(await trireme(folder, ['ensure'])).toMatchObject({
      code: 0,
      err: expect.stringMatching(/damaged in the store .*weights\.bin/),
    });
    expect(await trireme(folder, ['ensure'])).toMatchObject({ code: 0, err: '' });
  });

  it.each([
    [
      3,
      'the data make another model now',
      async (at: string) => {
        const data = path.join(at, 'data/wine.csv');
        await writeFile(data, (await readFile(data, 'utf8')).replace('14.23', '14.24'));
      },
      /expected wine sha256:.*found that problem\.yaml and its data make sha256:/,
    ],
    [
      1,
      'the problem is another one',
      async (at: string) => {
        const file = path.join(at, 'problem.yaml');
        await writeFile(file, (await readFile(file, 'utf8')).replace('name: wine', 'name: beer'));
      },
      /expected a problem file for it, found problem\.yaml for beer/,
    ],
    [
      3,
      'the lock is empty',
      async (at: string) =>
        writeFile(path.join(at, 'model.lock.json'), '{"schema":"trireme.model-lock/1","models":[]}'),
      /at least one model.*trireme train/,
    ],
    [
      3,
      'the lock is malformed',
      async (at: string) =>
        writeFile(
          path.join(at, 'model.lock.json'),
          '{"schema":"trireme.model-lock/1","models":[{"name":"wine","digest":"x"}]}',
        ),
      /models\[0\]\.digest.*models\[0\]\.url/,
    ],
  ])('ends with %i when %s', async (code, _name, change, message) => {
    const team = await teamFolder();
    await cp(path.join(folder, 'model.lock.json'), path.join(team, 'model.lock.json'));
    await change(team);
    expect(await trireme(team, ['ensure'])).toMatchObject({ code, out: '', err: expect.stringMatching(message) });
  });
});

describe('serve', () => {
  it('trains the locked model, serves it, and says how to ask it', async () => {
    const folder = await teamFolder();
    await trireme(folder, ['train']);
    await rm(path.join(folder, '.trireme'), { recursive: true });
    const child = spawn(process.execPath, [path.join(root, 'app/cli/main.ts'), 'serve'], {
      cwd: folder,
      env: { PATH: String(process.env.PATH), PORT: '0', HOST: '127.0.0.1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      let said = '';
      await new Promise<void>((resolve) => {
        child.stderr.on('data', (chunk) => {
          said += chunk;
          if (said.includes('try: ')) resolve();
        });
      });
      expect(said).toContain('is not in the store: training it');
      const [, url = '', body = ''] = /curl (\S+) -H 'content-type: application\/json' -d '(.*)'/.exec(said) ?? [];
      const answer = await fetch(url.replace('localhost', '127.0.0.1'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(await answer.json()).toMatchObject({
        model: { name: 'wine' },
        predictions: [{ label: expect.any(Number) }],
      });
      child.kill('SIGINT');
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('ends with 2 before it trains anything when a setting is wrong', async () => {
    const ended = await trireme(await teamFolder(), ['serve'], { PORT: 'x' });
    expect(ended).toMatchObject({ code: 2, err: expect.stringMatching(/^PORT: expected/) });
  });
});

describe('trireme model compare', () => {
  it('compares two stored models in words and as one document; a wrong word ends with 2', async () => {
    const folder = await teamFolder();
    const [one, two] = await Promise.all(
      ['1', '2'].map(async (seed) => {
        const places = ['--store', `store-${seed}`, '--lock', `lock-${seed}.json`];
        return JSON.parse((await trireme(folder, ['train', '--seed', seed, '--json', ...places])).out).directory;
      }),
    );
    const words = ['model', 'compare', '--running', one, '--candidate', two];
    expect(await trireme(folder, words)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^wine: \w{12} → \w{12}\n36 rows that the candidate was not trained on;[\s\S]*cost per 1,000 rows/,
      ),
    });
    const { out } = await trireme(folder, [...words, '--json', '--limit', '7']);
    expect(JSON.parse(out)).toMatchObject({ schema: 'trireme.preview/1', total: { rows: 7 } });
    expect(await trireme(folder, ['model', 'compare', '--running', one])).toMatchObject({
      code: 2,
      err: expect.stringContaining('see: trireme model compare --help'),
    });
    expect(await trireme(folder, [...words, '--data', 'a', '--records', 'b'])).toMatchObject({ code: 2 });
    expect(await trireme(folder, [...words, '--data', 'nowhere.csv'])).toMatchObject({ code: 1 });
  });
});
