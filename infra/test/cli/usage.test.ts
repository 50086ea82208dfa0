import { type Command, CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { verb } from '../../cli/cli.ts';
import { withSelection } from '../../cli/selection.ts';
import { usageError } from '../../cli/usage.ts';

const hold = () =>
  verb('trireme hold', 'holds').argument('<release>', 'id or `latest`').requiredOption('--reason <reason>', 'why');
const deploy = () => withSelection(verb('trireme deploy', 'deploys'), 'dev').option('--release <release>', 'id');
const emulator = () => {
  const command = verb('trireme emulator', 'runs');
  for (const name of ['up', 'down']) command.addCommand(verb(name, name).option('--time-scale <factor>', 'how fast'));
  return command;
};

function said(command: Command, words: readonly string[]): string {
  for (const one of [command, ...command.commands]) {
    one.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    // A verb that has verbs of its own does nothing by itself.
    if (one.commands.length === 0) one.action(() => {});
  }
  try {
    command.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const { code, message, hint } = usageError(error, command, words);
    expect(code).toBe('usage');
    return `${message}\n${hint}`;
  }
  return 'no fault';
}

describe('wrong words are said in one form', () => {
  test.each<[string, () => Command, string[], string]>([
    [
      'all that is missing at once',
      hold,
      [],
      'expected <release> (id or `latest`) and --reason <reason> (why); found none\nfor example: npx trireme hold latest --reason "why, in a sentence"',
    ],
    [
      'only what is missing',
      hold,
      ['rel-1'],
      'expected --reason <reason> (why); found none\nfor example: npx trireme hold latest --reason "why, in a sentence"',
    ],
    [
      'an option without its value',
      deploy,
      ['--stack'],
      'expected --stack <stack...> (only these stacks, such as gcp-dev); found no value\nfor example: npx trireme deploy --stack gcp-dev',
    ],
    [
      'a misspelt option',
      deploy,
      ['--relase', 'x'],
      'expected an option of trireme deploy; found `--relase`\ndid you mean `--release`?',
    ],
    [
      'an option like none',
      deploy,
      ['--quickly'],
      'expected an option of trireme deploy; found `--quickly`\nsee: npx trireme deploy --help',
    ],
    [
      'a word too many',
      deploy,
      ['gcp-dev'],
      'expected options only; found `gcp-dev` besides\nfor example: npx trireme deploy',
    ],
    ['no verb of a verb', emulator, [], 'expected one of up, down; found none\nfor example: npx trireme emulator up'],
    [
      'another verb of a verb',
      emulator,
      ['dwon'],
      'expected one of up, down; found `dwon`\ndid you mean `npx trireme emulator down`?',
    ],
    [
      'what a verb of a verb lacks',
      emulator,
      ['up', '--time-scale'],
      'expected --time-scale <factor> (how fast); found no value\nfor example: npx trireme emulator up --time-scale 25',
    ],
    ['nothing wrong', hold, ['rel-1', '--reason', 'x'], 'no fault'],
  ])('%s', (_, command, words, expected) => expect(said(command(), words)).toBe(expected));
});
