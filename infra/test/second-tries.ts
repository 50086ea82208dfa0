// Names each test that passed at its second try only: it guesses something by time, or the platform does, and either is worth mending.
import type { Reporter, TestModule } from 'vitest/node';

export class SecondTries implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      for (const test of module.children.allTests('passed')) {
        if (test.diagnostic()?.flaky === true) console.log(`SECOND TRY: ${module.relativeModuleId} > ${test.fullName}`);
      }
    }
  }
}
