// How long a person waits for `--help`, beside an empty Node program started in turn with it.
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Figure } from './figure.ts';
import { median } from './median.ts';

const rounds = 15;
const command = path.join(import.meta.dirname, '..', 'bin', 'trireme.mjs');

export async function benchHelp(talk: (line: string) => void): Promise<readonly Figure[]> {
  const help: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await seconds(['-e', '0']));
    help.push(await seconds([command, '--help']));
  }
  talk(`${rounds} rounds: node -e 0 ${median(bare).toFixed(3)} s, trireme --help ${median(help).toFixed(3)} s`);
  return [
    { name: 'trireme --help', value: median(help), unit: 's', must: 0.15 },
    { name: 'trireme --help ÷ node -e 0', value: median(help) / median(bare), unit: '×' },
  ];
}

function seconds(words: readonly string[]): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0
        ? resolve((performance.now() - started) / 1000)
        : reject(new Error(`${words.join(' ')} exited with ${code}`)),
    );
  });
}
