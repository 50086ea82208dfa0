import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  accountDocuments,
  blocksOf,
  type CommandLine,
  checkedByCi,
  commandFaults,
  commandsOf,
  exampleDocuments,
  linkFaults,
  rehearsedDocuments,
} from './document-rules.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const text = (path: string) => readFile(join(repository, path), 'utf8');

async function readDocuments(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const path of glob(['*.md', 'docs/*.md', 'app/*.md', 'client/*.md', '.github/*.md'], {
    cwd: repository,
  })) {
    found[path.replaceAll('\\', '/')] = await text(path);
  }
  return found;
}

/** Verbs as the command line itself lists them; the options of every verb that a document uses. */
async function readCommandLine(documents: Record<string, string>): Promise<CommandLine> {
  const run = async (...words: string[]) =>
    (await promisify(execFile)('node', ['bin/trireme.mjs', ...words], { cwd: repository })).stdout;
  const listed = [...(await run('--help')).matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, verb = '']) => verb);
  const used = Object.values(documents).flatMap((document) =>
    [
      ...commandsOf(document)
        .join('\n')
        .matchAll(/npx trireme ([a-z][a-z-]*)/g),
    ].map(([, verb = '']) => verb),
  );
  const entries = [...new Set(used)]
    .filter((verb) => listed.includes(verb))
    .map(async (verb): Promise<[string, ReadonlySet<string>]> => {
      const help = await run(verb, '--help');
      return [verb, new Set(help.match(/--[a-z][a-z-]*/g) ?? [])];
    });
  const { scripts } = JSON.parse(await text('package.json')) as { scripts: Record<string, string> };
  return { verbs: Object.fromEntries(await Promise.all(entries)), scripts: Object.keys(scripts) };
}

const documents = await readDocuments();
const commandLine = await readCommandLine(documents);

const known: CommandLine = { verbs: { deploy: new Set(['--cloud']) }, scripts: ['start'] };
const document = (block: string) => `# A\n\n\`\`\`sh\n${block}\n\`\`\`\n`;

describe('the documents', () => {
  it('show only commands that something runs, or that need an account and say so', () => {
    expect(Object.entries(documents).flatMap(([path, one]) => commandFaults(path, one, commandLine))).toEqual([]);
  });

  it('link to what is there', () => {
    const exists = (path: string) => existsSync(join(repository, path));
    expect(Object.keys(documents).flatMap((path) => linkFaults(path, documents, exists))).toEqual([]);
  });

  it('are all there', () => {
    expect(
      [...rehearsedDocuments, ...exampleDocuments, ...accountDocuments].filter((path) => documents[path] === undefined),
    ).toEqual([]);
  });

  it('leave to .ci/run only what it runs', async () => {
    const script = await text('.ci/run');
    const left = Object.values(documents)
      .flatMap(commandsOf)
      .filter((command) => checkedByCi.includes(command));
    const pieces = left.flatMap((command) => command.split(' && ')).filter((piece) => piece !== '.ci/run');
    const isRun = (piece: string) =>
      script.includes(piece) ||
      (piece === 'npm run check' && script.includes('tsc --project .') && script.includes('biome ci .'));
    expect(pieces.filter((piece) => !isRun(piece))).toEqual([]);
  });
});

describe('the rules for documents', () => {
  it.each([
    ['a verb that is not there', 'README.md', document('npx trireme deplou'), 'no verb'],
    ['an option that is not there', 'README.md', document('npx trireme deploy --clowd aws'), 'no option --clowd'],
    ['a script that is not there', 'README.md', document('npm run strat'), 'no script'],
    ['a program that nothing runs', 'README.md', document('make all'), 'nothing here runs'],
    ['an account outside its document', 'README.md', document('aws sso login'), 'nothing here runs'],
    ['a document that nothing runs', 'docs/other.md', document('npm start'), 'nothing runs its commands'],
    ['an unmarked block', 'README.md', '```\nnpm start\n```\n', 'is marked'],
  ])('find %s', (_what, path, one, word) => {
    expect(commandFaults(path, one, known).join('\n')).toContain(word);
  });

  it('find nothing in a good document', () => {
    const good = document('npm start\nnpx trireme deploy --cloud aws\nnpm ci && npm test');
    expect(commandFaults('README.md', good, known)).toEqual([]);
    expect(commandFaults('docs/real-clouds.md', document('A=b npx trireme deploy\naz login'), known)).toEqual([]);
    expect(blocksOf(good)).toHaveLength(1);
  });

  it('find dead links and dead headings', () => {
    const files = { 'docs/a.md': '[b](b.md) [c](c.md) [d](#here) [e](b.md#there)\n# Here', 'docs/b.md': '# Elsewhere' };
    expect(linkFaults('docs/a.md', files, () => false)).toEqual([
      'docs/a.md: links to c.md, which is not there',
      'docs/a.md: links to b.md#there; docs/b.md has no such heading',
    ]);
  });
});
