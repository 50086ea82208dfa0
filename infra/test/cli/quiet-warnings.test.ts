import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test("what trireme says itself is not said by a library as well; any other warning is Node's as before", async () => {
  const module = new URL('../../cli/quiet-warnings.ts', import.meta.url).href;
  const program = `import { quietWarnings } from '${module}';
    quietWarnings();
    process.emitWarning('nobody answers', 'MetadataLookupWarning');
    process.emitWarning('the disk is old', 'DiskWarning');`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  expect(stderr).toContain('DiskWarning: the disk is old');
  expect(stderr).not.toContain('Metadata');
});
