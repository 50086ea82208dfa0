import { parseArgs } from 'node:util';
import { expect, test } from 'vitest';
import { usageError } from '../../cli/usage.ts';

test.each([
  [['--seed'], 'expected a value for --seed; found none'],
  [['--seed', '--help'], 'expected a value for --seed; found none'],
  [['--sed', '1'], 'expected another option; found `--sed`'],
  [['--help=1'], "Option '-h, --help' does not take an argument"],
])('%s', (args, said) => {
  try {
    parseArgs({ args, options: { seed: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
    expect.unreachable();
  } catch (error) {
    expect(usageError(error)).toMatchObject({ code: 'usage', message: said });
  }
});
