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
    include: ['app/test/**/*.test.ts', 'infra/test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...withoutBrowser()],
    globalSetup: ['infra/test/install-pulumi.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    reporters: ['default', new SecondTries()],
    // No test asserts a time; this only ends what hangs, on a machine that may be very busy.
    testTimeout: 180_000,
    // In CI a test that fails may try once more: three thousand tests with real engines and processes share a busy machine there.
    // Whoever needed it is named. At a desk it fails at once.
    retry: process.env.CI === 'true' ? 1 : 0,
    hookTimeout: 180_000,
  },
});
