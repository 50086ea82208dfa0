import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { breaches, environmentReaders, rooms, type SourceFile } from './layering.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

async function sources(): Promise<readonly SourceFile[]> {
  const found: SourceFile[] = [];
  const options = { cwd: repository, exclude: (path: string) => path.includes('node_modules') };
  for await (const path of glob(['app/**/*.ts', 'infra/**/*.ts', 'client/{src,build,test}/**/*.ts'], options)) {
    found.push({ path: path.replaceAll('\\', '/'), text: await readFile(`${repository}/${path}`, 'utf8') });
  }
  return found;
}

const planted: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['app imports no infra', 'app/serving/planted.ts', `import { x } from '../../infra/contract/release.ts';`],
  ['infra imports no app', 'infra/delivery/planted.ts', `import { x } from '../../app/model/schema.ts';`],
  ['serving imports no training', 'app/serving/planted.ts', `import { x } from '../training/fit.ts';`],
  ['training imports no serving', 'app/training/planted.ts', `import { x } from '../serving/life.ts';`],
  ['model imports no engine', 'app/model/planted.ts', `import { x } from '../engines/compiled.ts';`],
  ['model imports no TensorFlow', 'app/model/planted.ts', `import * as tf from '@tensorflow/tfjs-core';`],
  ['contract imports nothing else', 'infra/contract/planted.ts', `import type { X } from '../ledger/view.ts';`],
  ['a cloud imports no other cloud', 'infra/clouds/aws/planted.ts', `import { x } from '../gcp/foundation.ts';`],
  ['a cloud does not import the registry of clouds', 'infra/clouds/aws/planted.ts', `import { x } from '../index.ts';`],
  [
    'a cloud uses its own SDK only',
    'infra/clouds/aws/planted.ts',
    `import { x } from '@pulumi/gcp/storage/bucket.js';`,
  ],
  ['delivery imports no cloud', 'infra/delivery/planted.ts', `import { x } from '../clouds/index.ts';`],
  ['delivery imports no emulator', 'infra/delivery/planted.ts', `await import('../emulator/main.ts');`],
  ['vendor SDKs stay under clouds', 'infra/cli/planted.ts', `import { x } from '@aws-sdk/client-ecr';`],
  ['infra knows no TensorFlow', 'infra/rehearsal/planted.ts', `import * as tf from '@tensorflow/tfjs-core';`],
  ['re-exports count as imports', 'infra/delivery/planted.ts', `export { x } from '../clouds/names.ts'; const y = 1;`],
  ['type imports count as imports', 'infra/ledger/planted.ts', `import type { X } from '../delivery/deploy.ts';`],
  ['the environment is read at the edge', 'infra/delivery/planted.ts', `const home = process.env.HOME;`],
  ['… by bracket', 'infra/delivery/planted.ts', `const home = process['env'];`],
  ['… by destructuring', 'app/serving/life.ts', `const { env } = process;`],
  ['… imported by name', 'infra/delivery/planted.ts', `import { env } from 'node:process';`],
  ['config is read in one file', 'infra/clouds/aws/planted.ts', `const config = new pulumi.Config();`],
  ['… imported by name', 'infra/clouds/aws/planted.ts', `import { Config } from '@pulumi/pulumi';`],
  ['no barrels', 'infra/delivery/index.ts', `export * from './deploy.ts';\nexport { x } from './verify.ts';`],
  ['the client imports no app', 'client/src/planted.ts', `import type { x } from '../../app/model/schema.ts';`],
  ['the client imports no package', 'client/src/planted.ts', `import { fetch } from 'undici';`],
  ['the client runs in browsers', 'client/src/planted.ts', `import { Agent } from 'node:http';`],
  ['every file has a room', 'infra/misc/planted.ts', `export const x = 1;`],
];

const innocent: readonly (readonly [what: string, path: string, text: string])[] = [
  ['the word in a comment', 'infra/delivery/planted.ts', `// never process.env\nexport const x = 1;`],
  ['a cloud and the contract', 'infra/clouds/gcp/planted.ts', `import { x } from '../../contract/service.ts';`],
  ['a cloud and what clouds share', 'infra/clouds/gcp/planted.ts', `import { x } from '../names.ts';`],
  ['delivery and the ledger', 'infra/delivery/planted.ts', `import { x } from '../ledger/view.ts';`],
  ['the command line wires', 'infra/cli/planted.ts', `import { x } from '../clouds/index.ts'; const e = process.env;`],
];

describe('the import rule', () => {
  it('holds in every file of app, infra and client', async () => {
    expect(breaches(await sources())).toEqual([]);
  });

  it.each(planted)('catches a planted breach: %s', (_rule, path, text) => {
    expect(breaches([{ path, text }])).toHaveLength(1);
  });

  it.each(innocent)('leaves the innocent alone: %s', (_what, path, text) => {
    expect(breaches([{ path, text }])).toEqual([]);
  });

  it('names no reader of the environment and no room that is not there', async () => {
    const paths = (await sources()).map(({ path }) => path);
    const named = [...environmentReaders, ...rooms.map(({ folder }) => folder)];
    expect(named.filter((place) => !paths.some((path) => path.startsWith(place)))).toEqual([]);
  });
});
