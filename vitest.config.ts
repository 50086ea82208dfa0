import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['app/test/**/*.test.ts', 'infra/test/**/*.test.ts'],
    globalSetup: ['infra/test/install-pulumi.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // No test asserts a time; this only ends what hangs, on a machine that may be very busy.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
