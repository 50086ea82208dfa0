// What a stack is called: one cloud in one environment, `<cloud>-<environment>`; and the environment a release comes from.
import { DeliveryError } from './errors.ts';

export const clouds = ['aws', 'gcp', 'azure'] as const;
export type Cloud = (typeof clouds)[number];

/** In the order a release travels. */
export const environments = ['dev', 'prod'] as const;
export type Environment = (typeof environments)[number];
/** The one that consumers call. */
export const lastEnvironment: Environment = 'prod';

export type StackName = `${Cloud}-${Environment}`;
/** What a cloud needs once, whatever the environments: registry, pull identity. */
export type FoundationName = `${Cloud}-foundation`;

export interface Stack {
  readonly name: StackName;
  readonly cloud: Cloud;
  readonly environment: Environment;
}

export const everyStackName: readonly StackName[] = environments.flatMap((environment) =>
  clouds.map((cloud): StackName => `${cloud}-${environment}`),
);

export function foundationOf(cloud: Cloud): FoundationName {
  return `${cloud}-foundation`;
}

/** @throws DeliveryError `unknown-stack`, with the nearest existing name. */
export function parseStack(name: string, known: readonly string[] = everyStackName): Stack {
  const stack = everyStackName.find((candidate) => candidate === name);
  if (stack === undefined || !known.includes(name)) {
    throw new DeliveryError('unknown-stack', `expected a stack, one of ${known.join(', ')}; found \`${name}\``, {
      hint: suggestion(name, known),
    });
  }
  const [cloud, environment] = stack.split('-') as [Cloud, Environment];
  return { name: stack, cloud, environment };
}

/** The environment a release must be verified in before it may enter this one; none for the first. */
export function upstreamOf(environment: Environment): Environment | undefined {
  return environments[environments.indexOf(environment) - 1];
}

/** "did you mean" for a misspelt word: the known word at the smallest edit distance, when it is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

function suggestion(word: string, known: readonly string[]): string | undefined {
  const best = nearest(word, known);
  return best === undefined ? undefined : `did you mean \`${best}\`?`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
