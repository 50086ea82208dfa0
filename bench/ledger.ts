// The ledger at ten thousand facts: reading it whole, reading it again, adding to it, and how long a person waits for `status`.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { factPath, factText, headPath, headText } from '../infra/ledger/chain.ts';
import { openLedger } from '../infra/ledger/git.ts';
import { pushCommits } from '../infra/ledger/push.ts';
import { makeRepository } from '../infra/ledger/repository.ts';
import type { Figure } from './figure.ts';
import { sampleLedger } from './ledger-facts.ts';
import { median } from './median.ts';

const facts = 10_000;
const rounds = 9;
const command = path.join(import.meta.dirname, '..', 'bin', 'trireme.mjs');

export async function benchLedger(talk: (line: string) => void): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trireme-bench-'));
  const repository = path.join(folder, 'ledger.git');
  const open = (cache: string) => openLedger({ repository, cache: path.join(folder, cache) });
  try {
    await fill(folder, repository);
    const cold = await seconds(async () => (await open('cache')).facts());
    const warm: number[] = [];
    for (let round = 0; round < rounds; round++) {
      warm.push(await seconds(async () => (await open('cache')).facts()));
    }
    const append: number[] = [];
    const ledger = await open('cache');
    await ledger.facts();
    const [, ...fresh] = sampleLedger(facts + rounds + 1).slice(facts);
    for (const { id: _id, previous: _previous, chain: _chain, schema: _schema, ...content } of fresh) {
      append.push(await seconds(() => ledger.append(() => [content])));
    }
    const verify = await seconds(() => ledger.verify());
    const status: number[] = [];
    const bare: number[] = [];
    await run([command, 'status', '--ledger-only', '--json'], repository);
    for (let round = 0; round < rounds; round++) {
      bare.push(await seconds(() => run(['-e', '0'], repository)));
      status.push(await seconds(() => run([command, 'status', '--ledger-only', '--json'], repository)));
    }
    talk(`${facts} facts: read cold ${cold.toFixed(2)} s, verified afresh ${verify.toFixed(2)} s`);
    talk(`median of ${rounds}: read warm ${median(warm).toFixed(2)} s, append ${median(append).toFixed(2)} s`);
    return [
      { name: 'ledger of 10,000 facts, read cold', value: cold, unit: 's' },
      { name: 'ledger of 10,000 facts, read warm', value: median(warm), unit: 's' },
      { name: 'ledger of 10,000 facts, one append', value: median(append), unit: 's' },
      { name: 'ledger of 10,000 facts, history --verify', value: verify, unit: 's' },
      { name: 'trireme status --ledger-only, 10,000 facts', value: median(status), unit: 's', must: 0.5 },
      { name: 'trireme status --ledger-only ÷ node -e 0', value: median(status) / median(bare), unit: '×' },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** In one commit: how the branch came about makes no difference to its readers. */
async function fill(folder: string, repository: string): Promise<void> {
  const cache = path.join(folder, 'writer');
  await makeRepository(cache);
  const made = sampleLedger(facts);
  const files = made.map((fact) => ({ path: factPath(fact.id), text: factText(fact) }));
  const names = { cache, repository, ref: 'refs/heads/trireme-ledger', seen: 'refs/trireme/seen/trireme-ledger' };
  const headline = 'ten thousand facts';
  await pushCommits(
    names,
    Date.now,
  )({
    expected: undefined,
    append: 'all',
    headline,
    files: [...files, { path: headPath, text: headText(made) }],
  });
}

function run(words: readonly string[], ledger: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      stdio: 'ignore',
      env: { ...process.env, TRIREME_LEDGER: ledger },
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${words.join(' ')} exited with ${code}`)),
    );
  });
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
