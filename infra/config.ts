// A stack's configuration: parsed and checked in one place, whether it comes from Pulumi or straight from a stack file.
import { allConfig } from '@pulumi/pulumi/runtime/config.js';
import type { z } from 'zod';
import { appRunnerFaults } from './clouds/aws/app-runner/limits.ts';
import { appRunner } from './clouds/aws/app-runner/runtime.ts';
import { ecsExpressFaults } from './clouds/aws/ecs-express/limits.ts';
import { ecsExpress } from './clouds/aws/ecs-express/runtime.ts';
import { awsFoundationFaults } from './clouds/aws/limits.ts';
import { appServiceFaults } from './clouds/azure/app-service/limits.ts';
import { appService } from './clouds/azure/app-service/runtime.ts';
import { tagFaults } from './clouds/azure/place.ts';
import { cloudRunFaults } from './clouds/gcp/cloud-run/limits.ts';
import { cloudRun } from './clouds/gcp/cloud-run/runtime.ts';
import { labelFaults } from './clouds/gcp/labels.ts';
import { orderFaults, prefix, readYaml, schemaFaults, unknownKey } from './config-faults.ts';
import { DeliveryError } from './contract/errors.ts';
import { type GithubConfig, githubConfig } from './contract/github.ts';
import type { RuntimeContract } from './contract/runtime.ts';
import {
  type FoundationConfig,
  foundationConfig,
  identityVariables,
  type RuntimeName,
  type ServiceConfig,
  serviceConfig,
} from './contract/service.ts';
import { type Cloud, clouds, foundationOf, parseStack, type Stack } from './contract/stack.ts';

/** What a stack file configures: a prediction service, a cloud's foundation, or the repository on GitHub. */
export type StackConfig =
  | { readonly kind: 'service'; readonly stack: Stack; readonly config: ServiceConfig }
  | { readonly kind: 'foundation'; readonly cloud: Cloud; readonly config: FoundationConfig }
  | { readonly kind: 'github'; readonly config: GithubConfig };

export const githubStack = 'github';

/**
 * Reads the running program's own configuration.
 * @throws DeliveryError `config-invalid` with every fault, `unknown-stack`.
 */
export function readConfig(stackName: string): StackConfig {
  const fields = fieldsOf(stackName);
  const values: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(allConfig())) {
    // What the engine itself sets (`pulumi:tags`) is no part of a stack file.
    if (!key.startsWith('pulumi:')) values[key] = fieldValue(text, fields[key.slice(prefix.length)]);
  }
  return checked(stackName, values, []);
}

/**
 * The same from a stack file, so that all of them are checked before anything is touched.
 * @param stackName as in the file's name: `Pulumi.<stack>.yaml`
 * @throws DeliveryError `config-invalid` with every fault, `unknown-stack`.
 */
export function parseStackFile(stackName: string, text: string): StackConfig {
  const { value: file, faults: unreadable } = readYaml(text);
  if (unreadable.length > 0) throw invalid(stackName, unreadable);
  if (!isRecord(file) || !isRecord(file.config))
    throw invalid(stackName, [
      `expected \`config:\` with the keys of a stack; found ${file ? 'something else' : 'nothing'}`,
    ]);
  const unknown = Object.keys(file).filter((key) => key !== 'config' && !engineKeys.includes(key));
  const faults = unknown.map((key) => `\`${key}\`: no such key at the top; expected only \`config\``);
  return checked(stackName, file.config, [
    ...faults,
    ...orderFaults(Object.keys(file.config), Object.keys(fieldsOf(stackName))),
  ]);
}

/** What Pulumi notes in a stack file about its secrets. */
const engineKeys = ['encryptionsalt', 'encryptedkey', 'secretsprovider'];

const limits: Readonly<Record<RuntimeName, (config: ServiceConfig, stack: Stack) => string[]>> = {
  'app-runner': appRunnerFaults,
  'ecs-express': ecsExpressFaults,
  'cloud-run': cloudRunFaults,
  'app-service': appServiceFaults,
};
const foundationLimits: Readonly<Record<Cloud, (config: FoundationConfig) => string[]>> = {
  aws: awsFoundationFaults,
  gcp: ({ labels }) => labelFaults(labels),
  azure: ({ labels }) => tagFaults(labels),
};
const contracts: Readonly<Record<RuntimeName, RuntimeContract>> = {
  'app-runner': appRunner,
  'ecs-express': ecsExpress,
  'cloud-run': cloudRun,
  'app-service': appService,
};

/** Keys in the order every stack file has them, with what each one's value must be. */
function fieldsOf(stackName: string): Readonly<Record<string, z.ZodType>> {
  if (stackName === githubStack) return githubConfig.shape;
  return foundationCloud(stackName) === undefined ? serviceConfig.shape : foundationConfig.shape;
}

/** @throws DeliveryError `unknown-stack` for neither a foundation nor a service stack. */
function foundationCloud(stackName: string): Cloud | undefined {
  const cloud = clouds.find((one) => foundationOf(one) === stackName);
  if (cloud === undefined) parseStack(stackName);
  return cloud;
}

function checked(stackName: string, values: Readonly<Record<string, unknown>>, found: readonly string[]): StackConfig {
  const known = Object.keys(fieldsOf(stackName));
  const faults = [...found, ...Object.keys(values).flatMap((key) => keyFaults(key, known))];
  const named = Object.fromEntries(
    known.flatMap((key) => (`${prefix}${key}` in values ? [[key, values[`${prefix}${key}`]]] : [])),
  );
  if (stackName === githubStack) {
    return { kind: 'github', config: parsed(stackName, githubConfig, named, faults, githubFaults) };
  }
  const cloud = foundationCloud(stackName);
  if (cloud !== undefined) {
    const rules = foundationLimits[cloud];
    return { kind: 'foundation', cloud, config: parsed(stackName, foundationConfig, named, faults, rules) };
  }
  const stack = parseStack(stackName);
  const config = parsed(stackName, serviceConfig, named, faults, (one) => serviceFaults(one, stack));
  return { kind: 'service', stack, config };
}

function parsed<T>(
  stackName: string,
  schema: z.ZodType<T>,
  values: Readonly<Record<string, unknown>>,
  faults: readonly string[],
  rules: (config: T) => readonly string[] = () => [],
): T {
  const result = schema.safeParse(values);
  const all = result.success
    ? [...faults, ...rules(result.data)]
    : [...faults, ...schemaFaults(result.error, schema, values)];
  if (!result.success || all.length > 0) throw invalid(stackName, all);
  return result.data;
}

function keyFaults(key: string, known: readonly string[]): string[] {
  const name = key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
  if (name !== undefined && known.includes(name)) return [];
  if (/^(image|imageRef|digest|release)$/i.test(name ?? '')) {
    return [`\`${key}\`: a stack file never names an image: the release brings it`];
  }
  return [unknownKey(key, known)];
}

/** An environment without reviewers asks nobody. */
function githubFaults({ environments }: GithubConfig): string[] {
  const { prod, 'prod-rollback': rollback } = environments;
  const guarded = { prod, 'prod-rollback': rollback };
  return [
    ...Object.entries(guarded)
      .filter(([, { users, teams }]) => users.length + teams.length === 0)
      .map(([name]) => `environments.${name}: expected reviewers, as users or teams; found none`),
    ...Object.entries(environments)
      .filter(([, { users, teams }]) => users.length + teams.length > 6)
      .map(([name]) => `environments.${name}: expected at most 6 reviewers, as GitHub does`),
    ...(prod.selfReview ? ['environments.prod.selfReview: expected false; found true'] : []),
  ];
}

/** What the schema can't say, because it needs two values or the runtime's own limits. */
function serviceFaults(config: ServiceConfig, stack: Stack): string[] {
  const faults: string[] = [];
  const { cloud } = contracts[config.runtime];
  if (cloud !== stack.cloud)
    faults.push(`runtime: expected one of ${stack.cloud}; found ${config.runtime} of ${cloud}`);
  else faults.push(...limits[config.runtime](config, stack));
  if (config.maxInstances < config.minInstances) {
    faults.push(`maxInstances: expected at least minInstances, ${config.minInstances}; found ${config.maxInstances}`);
  }
  for (const name of [...Object.keys(config.env), ...Object.keys(config.secrets)]) {
    const owner = ownerOf(name);
    if (owner !== undefined) faults.push(`${name}: expected a variable of the service's own; ${owner} sets this one`);
  }
  for (const name of Object.keys(config.secrets)) {
    if (name in config.env) faults.push(`${name}: expected it in env or in secrets; found in both`);
  }
  for (const [name, value] of Object.entries(config.env)) {
    if (/@sha256:[0-9a-f]{64}/.test(value)) faults.push(`env.${name}: a stack file never names an image`);
  }
  return faults;
}

/** Who sets a variable, when it is not the stack's to set. */
function ownerOf(name: string): string | undefined {
  if (Object.values<string>(identityVariables).includes(name)) return 'the release';
  const platform = name === 'PORT' || /^(AWSAPPRUNNER|K_|WEBSITES?_|DOCKER_REGISTRY_SERVER_)/.test(name);
  return platform ? 'the platform' : undefined;
}

/** Pulumi keeps every value as text: what is not meant to be text is JSON. */
function fieldValue(text: string, field: z.ZodType | undefined): unknown {
  if (field === undefined || field.safeParse(text).success) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function invalid(stackName: string, faults: readonly string[]): DeliveryError {
  const file = `stacks/Pulumi.${stackName}.yaml`;
  return new DeliveryError('config-invalid', faults.map((fault) => `${file}: ${fault}`).join('\n'), {
    hint: `edit ${file}`,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
