// A small project as `trireme release` finds one: in git, installed, with a trained model beside it.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { canonicalJson, digestOf, sha256 } from '../../contract/canonical.ts';
import type { BakedModel } from '../../image/context.ts';

const run = promisify(execFile);

const files = {
  'package.json': '{"name":"sample","workspaces":["app"]}',
  'package-lock.json': JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': {},
      app: { dependencies: { lib: '1.0.0' } },
      'node_modules/lib': { version: '1.0.0' },
      'node_modules/dev': { version: '1.0.0', dev: true },
    },
  }),
  'app/package.json': '{"type":"module"}',
  'app/serving/main.ts': 'export {};\n',
  'app/serving/page.html': '<p>\n',
  'app/model/schema.ts': 'export {};\n',
  'app/engines/compiled.ts': 'export {};\n',
  'app/training/train.ts': 'export {};\n',
  '.gitignore': 'node_modules/\n*.log\n',
};
const installed = {
  'node_modules/lib/package.json': '{"name":"lib","version":"1.0.0"}',
  'node_modules/lib/index.js': 'module.exports = 1;\n',
  'node_modules/lib/index.js.map': '{}',
  'node_modules/lib/index.d.ts': '',
  'node_modules/lib/README.md': '',
  'node_modules/lib/LICENSE': 'MIT\n',
  'node_modules/lib/test/index.js': '',
  'node_modules/lib/lib/test/runs.js': '',
  'node_modules/lib/lib/x.test.js': '',
  'node_modules/lib/kernel.wasm': '\0asm',
  'node_modules/dev/package.json': '{"name":"dev","version":"1.0.0"}',
};

export async function makeCheckout(root: string): Promise<void> {
  await writeFiles(root, { ...files, ...installed });
  await run('git', ['init', '-q', root]);
  await commitAll(root, 'ada', 'First');
}

export async function writeFiles(root: string, contents: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

export async function commitAll(root: string, author: string, message: string): Promise<string> {
  const identity = ['-c', `user.name=${author}`, '-c', `user.email=${author}@example.org`];
  await run('git', ['-C', root, 'add', '-A']);
  await run('git', ['-C', root, ...identity, 'commit', '-q', '--allow-empty', '-m', message]);
  return (await run('git', ['-C', root, 'rev-parse', 'HEAD'])).stdout.trim();
}

/** @param lineage differs from one training to the next. */
export async function makeModel(folder: string, lineage = 'monday', weights = 'w'): Promise<BakedModel> {
  const contents = { 'golden.json': '{}', 'model.json': '{}', 'weights.bin': weights };
  await writeFiles(folder, { ...contents, 'lineage.json': lineage });
  const list = Object.entries(contents).map(([path, text]) => ({ path, size: text.length, sha256: sha256(text) }));
  return { name: 'wine', folder, digest: digestOf(canonicalJson(list)) };
}
