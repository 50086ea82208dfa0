// Which stacks a person means: `--environment`, narrowed by `--stack` or `--cloud`.
import type { Command } from 'commander';
import { DeliveryError } from '../contract/errors.ts';
import { clouds, type Environment, environments, nearest, parseStack, type StackName } from '../contract/stack.ts';
import type { Target } from '../delivery/delivery.ts';

export interface SelectionOptions {
  readonly environment?: string;
  readonly stack?: readonly string[];
  readonly cloud?: readonly string[];
}

export interface Selection {
  readonly environment: Environment;
  /** Only these; the whole environment when absent. */
  readonly stacks?: readonly StackName[];
}

export function withSelection(command: Command, environment: Environment | undefined): Command {
  const fallback = environment === undefined ? '' : ` (default: ${environment})`;
  return command
    .option('--environment <environment>', `dev or prod${fallback}`)
    .option('--stack <stack...>', 'only these stacks, such as gcp-dev')
    .option('--cloud <cloud...>', 'only these clouds: aws, gcp, azure');
}

/** @throws DeliveryError `usage`, `unknown-stack`, each with the nearest word that exists. */
export function selectionOf(
  options: SelectionOptions,
  stacks: readonly Target[],
  fallback: Environment | undefined,
): Selection {
  const known = stacks.map(({ stack }) => stack.name);
  const named = (options.stack ?? []).map((name) => parseStack(name, known));
  const environment = environmentOf(options.environment ?? named[0]?.environment ?? fallback);
  const elsewhere = named.find((stack) => stack.environment !== environment);
  if (elsewhere !== undefined) {
    throw new DeliveryError('usage', `expected stacks of ${environment}; found ${elsewhere.name}`, {
      hint: 'one environment at a time',
    });
  }
  const wantedClouds = (options.cloud ?? []).map(cloudOf);
  if (named.length === 0 && wantedClouds.length === 0) return { environment };
  const here = stacks.filter(({ stack }) => stack.environment === environment).map(({ stack }) => stack);
  const byCloud = wantedClouds.map((cloud) =>
    parseStack(
      `${cloud}-${environment}`,
      here.map(({ name }) => name),
    ),
  );
  return { environment, stacks: [...new Set([...named, ...byCloud].map(({ name }) => name))] };
}

export function environmentOf(word: string | undefined): Environment {
  const found = environments.find((environment) => environment === word);
  if (found !== undefined) return found;
  const near = word === undefined ? undefined : nearest(word, environments);
  throw new DeliveryError(
    'usage',
    `expected --environment dev or prod; found ${word === undefined ? 'none' : `\`${word}\``}`,
    {
      hint: near === undefined ? 'for example: --environment dev' : `did you mean \`${near}\`?`,
    },
  );
}

function cloudOf(word: string) {
  const found = clouds.find((cloud) => cloud === word);
  if (found !== undefined) return found;
  const near = nearest(word, clouds);
  throw new DeliveryError('usage', `expected a cloud, one of ${clouds.join(', ')}; found \`${word}\``, {
    hint: near === undefined ? undefined : `did you mean \`${near}\`?`,
  });
}
