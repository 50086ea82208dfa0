// The whole rehearsal: how long, which step takes what share, and how much memory all of its processes hold at once.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RehearsalReport } from '../infra/rehearsal/report.ts';
import type { Figure } from './figure.ts';
import { proportionalSetSize } from './memory.ts';

const sampleMilliseconds = 1000;

export async function benchRehearsal(talk: (line: string) => void): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trireme-bench-'));
  try {
    const file = path.join(folder, 'report.json');
    const peakBytes = await rehearse(file);
    const report = JSON.parse(await readFile(file, 'utf8')) as RehearsalReport;
    for (const { name, seconds } of report.steps) {
      talk(
        `${seconds.toFixed(1).padStart(6)} s ${((100 * seconds) / report.seconds).toFixed(0).padStart(3)} %  ${name}`,
      );
    }
    return [
      { name: 'rehearsal', value: report.seconds, unit: 's', must: 90 },
      { name: 'requests lost', value: report.requests.lost, unit: `of ${report.requests.sent}`, must: 0 },
      ...(peakBytes === undefined
        ? []
        : [{ name: 'proportional set size, everything together', value: peakBytes / 1e9, unit: 'GB', must: 2 }]),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns the largest proportional set size seen; `undefined` where the system does not tell it (not Linux). */
async function rehearse(report: string): Promise<number | undefined> {
  const command = path.join(import.meta.dirname, '..', 'bin', 'trireme.mjs');
  const child = spawn(process.execPath, [command, 'rehearse', '--approve-as', 'rita', '--json', report], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peak: number | undefined;
  const timer = setInterval(async () => {
    const bytes = child.pid === undefined ? undefined : await proportionalSetSize(child.pid);
    if (bytes !== undefined) peak = Math.max(peak ?? 0, bytes);
  }, sampleMilliseconds);
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the rehearsal exited with ${code}`))));
    });
  } finally {
    clearInterval(timer);
  }
  return peak;
}
