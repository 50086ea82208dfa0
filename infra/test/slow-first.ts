// The order of the test files: the slowest first, so that at the end no worker waits for one that began last.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Half a minute and more each; a stale list costs time, nothing else. */
const slowest = [
  'cli/road',
  'rehearsal/controls',
  'cli/faults',
  'cli/incidents',
  'rehearsal/interruption',
  'rehearsal/story',
  'cli/live-check/check',
  'cli/bootstrap/bootstrap',
  'clouds/azure/app-service/conformance',
  'emulator/providers/',
  'clouds/',
  'page/site.browser',
  'ledger/git',
  'pulumi/',
];

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted
      .map((file) => ({ file, rank: rankOf(file.moduleId) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ file }) => file);
  }
}

function rankOf(path: string): number {
  const found = slowest.findIndex((part) => path.includes(`/infra/test/${part}`));
  return found === -1 ? slowest.length : found;
}
