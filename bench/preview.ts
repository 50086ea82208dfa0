// The prediction preview of 100,000 rows, as a person waits for it: a process that reads the CSV, asks two models and counts.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { randomFrom } from '../app/model/random.ts';
import type { Figure } from './figure.ts';
import { median } from './median.ts';

const rows = 100_000;
const rounds = 3;
const project = path.join(import.meta.dirname, '..');
const command = path.join(project, 'bin', 'trireme.mjs');

export async function benchPreview(talk: (line: string) => void): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trireme-bench-'));
  try {
    const [running, candidate] = [await train(folder, 1), await train(folder, 2)];
    const data = path.join(folder, 'rows.csv');
    await writeFile(data, jittered(await readFile(path.join(project, 'data', 'wine.csv'), 'utf8')));
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const started = performance.now();
      const words = ['--running', running, '--candidate', candidate, '--data', data, '--problem', 'problem.yaml'];
      const { total } = JSON.parse(await trireme(['model', 'compare', ...words, '--json'])) as {
        total: { rows: number };
      };
      if (total.rows !== rows) throw new Error(`expected ${rows} rows to be compared; found ${total.rows}`);
      seconds.push((performance.now() - started) / 1000);
    }
    talk(`${rounds} rounds: ${seconds.map((one) => `${one.toFixed(2)} s`).join(', ')}`);
    return [{ name: `prediction preview of ${rows} rows`, value: median(seconds), unit: 's', must: 5 }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function train(folder: string, seed: number): Promise<string> {
  const store = path.join(folder, 'models');
  const places = ['--store', store, '--lock', path.join(folder, 'lock.json')];
  const { directory } = JSON.parse(await trireme(['train', '--seed', String(seed), '--json', ...places])) as {
    directory: string;
  };
  return directory;
}

async function trireme(words: readonly string[]): Promise<string> {
  const options = { cwd: project, maxBuffer: 1 << 24 };
  return (await promisify(execFile)(process.execPath, [command, ...words], options)).stdout;
}

/** Real rows with each number moved by up to 5 %: as many as are wanted, the same ones every time. */
function jittered(csv: string): string {
  const [header = '', ...lines] = csv.trim().split('\n');
  const label = header.split(',').indexOf('cultivar');
  const random = randomFrom(7);
  const made = Array.from({ length: rows }, (_, row) =>
    (lines[row % lines.length] ?? '')
      .split(',')
      .map((cell, column) => (column === label ? cell : (Number(cell) * (0.95 + 0.1 * random())).toFixed(4)))
      .join(','),
  );
  return `${[header, ...made].join('\n')}\n`;
}
