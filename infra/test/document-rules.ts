// Every command a document shows is run by something, or needs an account and says so. Pure; .ci/docs-check.ts runs what these rules promise.
import { posix } from 'node:path';

/** Documents whose `sh` blocks .ci/docs-check.ts runs, in order, each in a fresh clone of its own. */
export const rehearsedDocuments = [
  'README.md',
  'app/README.md',
  'docs/operations.md',
  'docs/emulated-clouds.md',
  'docs/release-page.md',
  'docs/proof.md',
  'docs/adopt.md',
  '.github/CONTRIBUTING.md',
];
/** Documents whose programs client/test/published.test.ts runs. */
export const exampleDocuments = ['docs/clients.md'];
/** Documents whose commands need an account. */
export const accountDocuments = ['docs/real-clouds.md', 'docs/supply-chain.md'];
/** Commands that .ci/run gives itself, because they are whole checks. */
export const checkedByCi = [
  'npm ci && npm test',
  'npm ci && npm run rehearse',
  'npm run rehearse',
  'npm run check',
  'npm run bench',
  'npm run simulate -- --schedules 10000 --seed 1 --workers 2',
  'npm run simulate -- --mutants --schedules 3000 --workers 2',
  '.ci/run',
];

const languages = ['sh', 'text', 'yaml', 'json', 'ts', 'http', 'python', 'go'];
const programs = ['npm', 'npx', 'node', 'curl', 'git', 'cd', 'export', '.', 'pulumi', 'sed', 'jq'];
const accountPrograms = [...programs, 'aws', 'gcloud', 'az', 'gh', 'cosign'];

export interface CommandLine {
  /** Verbs of `npx trireme`, each with the options its `--help` lists. */
  readonly verbs: Readonly<Record<string, ReadonlySet<string>>>;
  /** Scripts of package.json. */
  readonly scripts: readonly string[];
}

export interface Block {
  readonly language: string;
  readonly text: string;
}

export function blocksOf(document: string): readonly Block[] {
  return [...document.matchAll(/^```([a-z]*)[^\n]*\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text: text.trimEnd(),
  }));
}

export function commandsOf(document: string): readonly string[] {
  return blocksOf(document)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

export function commandFaults(path: string, text: string, known: CommandLine): readonly string[] {
  const needsAccount = accountDocuments.includes(path);
  const unknownBlocks = blocksOf(text)
    .filter(({ language }) => !languages.includes(language))
    .map(({ language }) => `a block is marked \`${language}\`; expected ${languages.join(', ')}`);
  const commands = commandsOf(text);
  const isRun = [...rehearsedDocuments, ...exampleDocuments].includes(path);
  const nobody = commands.length > 0 && !needsAccount && !isRun;
  return [
    ...unknownBlocks,
    ...(nobody ? ['nothing runs its commands; add it to the rehearsed documents'] : []),
    ...commands.flatMap((command) => faultsOf(command, needsAccount ? accountPrograms : programs, known)),
  ].map((fault) => `${path}: ${fault}`);
}

function faultsOf(command: string, allowed: readonly string[], { verbs, scripts }: CommandLine): readonly string[] {
  if (checkedByCi.includes(command)) return [];
  const words = command
    .replace(/^\(/, '')
    .replace(/^[A-Z_]+=\S+ /, '')
    .split(/\s+/);
  const [program = '', first = '', second = ''] = words;
  if (!allowed.includes(program)) return [`\`${command}\`: nothing here runs \`${program}\``];
  if (program === 'npm') {
    const script = first === 'run' ? second : first;
    return script === 'ci' || scripts.includes(script) ? [] : [`\`${command}\`: no script \`${script}\``];
  }
  if (program !== 'npx' || first !== 'trireme') return [];
  const options = verbs[second];
  if (options === undefined) return [`\`${command}\`: no verb \`${second}\``];
  const unknown = words.filter((word) => word.startsWith('--') && !options.has(word));
  return unknown.map((option) => `\`${command}\`: \`${second}\` has no option ${option}`);
}

/** Relative links, with the heading they name. @param documents text by path; a link may also name any existing file or folder. */
export function linkFaults(
  path: string,
  documents: Readonly<Record<string, string>>,
  exists: (path: string) => boolean,
): readonly string[] {
  const text = (documents[path] ?? '').replace(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [file = '', heading] = link.split('#');
    const target = file === '' ? path : posix.normalize(posix.join(posix.dirname(path), file));
    const there = documents[target];
    if (there === undefined && !exists(target)) return [`${path}: links to ${link}, which is not there`];
    if (heading === undefined || there === undefined || headingsOf(there).includes(heading)) return [];
    return [`${path}: links to ${link}; ${target} has no such heading`];
  });
}

/** As GitHub names them: lower case, no punctuation, blanks to dashes. */
function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
