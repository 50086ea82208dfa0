// What commander found wrong with the words of a verb, in the one form of every error here: expected, found, an example that works.
import type { Command, CommanderError, Option } from 'commander';
import { DeliveryError } from '../contract/errors.ts';
import { nearest } from '../contract/stack.ts';

/** @param command the verb that was asked for. @param words what came after its name. */
export function usageError(error: CommanderError, command: Command, words: readonly string[]): DeliveryError {
  const child = command.commands.find((one) => one.name() === words[0]);
  const called = child ?? command;
  const fault = faultOf(error, called, words);
  return new DeliveryError('usage', fault.message, { hint: fault.hint ?? `for example: ${exampleOf(called)}` });
}

interface Fault {
  readonly message: string;
  readonly hint?: string | undefined;
}

function faultOf({ code, message }: CommanderError, command: Command, words: readonly string[]): Fault {
  const quoted = /'([^']+)'/.exec(message)?.[1] ?? '';
  switch (code) {
    case 'commander.missingArgument':
    case 'commander.missingMandatoryOptionValue':
      return { message: `expected ${missingIn(command).join(' and ')}; found none` };
    case 'commander.optionMissingArgument': {
      const option = command.options.find(({ flags }) => flags === quoted);
      return {
        message: `expected ${quoted}${option === undefined ? '' : ` (${option.description})`}; found no value`,
        hint: option === undefined ? undefined : `for example: ${exampleOf(command, option)}`,
      };
    }
    case 'commander.unknownOption': {
      const known = command.options.flatMap(({ long }) => long ?? []);
      const meant = nearest(quoted, known);
      return {
        message: `expected an option of ${nameOf(command)}; found \`${quoted}\``,
        hint: meant === undefined ? `see: npx ${nameOf(command)} --help` : `did you mean \`${meant}\`?`,
      };
    }
    case 'commander.excessArguments': {
      const most = command.registeredArguments.length;
      const expected = most === 0 ? 'options only' : `one word, ${command.registeredArguments.map(shape).join(' ')}`;
      return { message: `expected ${expected}; found \`${command.args.slice(most).join(' ')}\` besides` };
    }
    case 'commander.help':
    case 'commander.unknownCommand': {
      const known = command.commands.map((one) => one.name());
      const found = words[0] === undefined ? 'none' : `\`${words[0]}\``;
      const meant = words[0] === undefined ? undefined : nearest(words[0], known);
      const hint = meant === undefined ? undefined : `did you mean \`npx ${nameOf(command)} ${meant}\`?`;
      return { message: `expected one of ${known.join(', ')}; found ${found}`, hint };
    }
    default:
      return { message: message.replace(/^error: /, '') };
  }
}

/** Each with what it means: who left out one word is told of all that are left out. */
function missingIn(command: Command): string[] {
  const given = command.opts<Readonly<Record<string, unknown>>>();
  return [
    ...command.registeredArguments
      .filter((argument, index) => argument.required && command.args[index] === undefined)
      .map((argument) => `${shape(argument)} (${argument.description})`),
    ...command.options
      .filter((option) => option.mandatory && given[option.attributeName()] === undefined)
      .map(({ flags, description }) => `${flags} (${description})`),
  ];
}

/** A command with everything it can't do without. */
function exampleOf(command: Command, also?: Option): string {
  const needed = command.options.filter((option) => option.mandatory || option === also);
  return [
    `npx ${nameOf(command)}`,
    ...command.commands.slice(0, 1).map((one) => one.name()),
    ...command.registeredArguments.filter(({ required }) => required).map((argument) => valueFor(argument.name())),
    ...needed.map(({ long, flags }) => `${long} ${valueFor(/<([^>.]+)/.exec(flags)?.[1] ?? '')}`),
  ].join(' ');
}

/** `trireme emulator up`: the verb knows its whole name. */
function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
}

function shape(argument: { readonly required: boolean; name(): string }): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

function valueFor(name: string): string {
  return examples[name] ?? `<${name}>`;
}

/** Words that stand for themselves, by what they are called in every verb. */
const examples: Readonly<Record<string, string>> = {
  release: 'latest',
  promotion: 'prm-0123456789',
  cloud: 'aws',
  stack: 'gcp-dev',
  environment: 'prod',
  reason: '"why, in a sentence"',
  ref: 'origin/main',
  name: 'robin',
  address: 'ml@example.org',
  factor: '25',
};
