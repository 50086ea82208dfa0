import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { findChromium } from './infra/test/page/find-chromium.ts';
import { SecondTries } from './infra/test/second-tries.ts';
import { SlowFirst } from './infra/test/slow-first.ts';

/** Said aloud, because nothing else is ever left out; in CI a missing browser fails instead. */
function withoutBrowser(): readonly string[] {
  try {
    findChromium();
    return [];
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    console.error(`NOT RUN: the browser tests (*.browser.test.ts): ${error instanceof Error ? error.message : error}`);
    return ['**/*.browser.test.ts'];
  }
}

export default defineConfig({
  test: {
    include: ['app/test/**/*.test.ts', 'infra/test/**/*.test.ts', 'client/test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...withoutBrowser()],
    globalSetup: ['infra/test/install-pulumi.ts'],
    pool: 'forks',
    // One more than processors: a test of processes waits for them a third of its time.
    maxWorkers: Math.min(availableParallelism() + 1, 5),
    sequence: { sequencer: SlowFirst },
    reporters: ['default', new SecondTries()],
    // No test asserts a time; these only end what hangs, on a machine that may be very busy, and no test has a limit of its own.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 240_000 } },
    // In CI a test that fails may try once more: three thousand tests with real engines and processes share a busy machine there.
    // Whoever needed it is named. At a desk it fails at once.
    retry: process.env.CI === 'true' ? 1 : 0,
  },
});
