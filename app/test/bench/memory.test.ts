// Resident memory is what the process itself is told, and at its most.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { peakResident, proportionalSetSize } from '../../../bench/memory.ts';

/** Takes 200 MB and gives it back. @returns what is resident then, the most it was (both in bytes), and its `/proc` as `peakResident` reads it. */
const script = `
  import { peakResident, proportionalSetSize } from '${new URL('../../../bench/memory.ts', import.meta.url)}';
  Buffer.alloc(200_000_000, 1).at(-1);
  globalThis.gc();
  const { rss } = process.memoryUsage();
  const { maxRSS } = process.resourceUsage();
  const now = await proportionalSetSize(process.pid);
  process.stdout.write(JSON.stringify({ rss, most: 1024 * maxRSS, now, peak: await peakResident(process.pid) }));
`;

it('counts what was given back since, in bytes', async () => {
  const words = ['--expose-gc', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  const { rss, most, now, peak } = JSON.parse(stdout);
  expect(peak / most).toBeCloseTo(1, 1);
  expect(peak).toBeGreaterThan(200_000_000);
  expect(rss).toBeLessThan(peak - 100_000_000);
  expect(now).toBeLessThan(peak - 100_000_000);
});

it('tells nothing of a process that is none', async () => {
  expect([await peakResident(2 ** 30), await proportionalSetSize(2 ** 30)]).toEqual([0, 0]);
});
