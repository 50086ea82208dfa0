// What is wrong with a release, and where: only the clouds' truth knows, delivery has to find out.
import type { StackName } from '../contract/stack.ts';
import type { Random } from './random.ts';

/** `dead`: never starts. `unready`: starts and says why it is not ready. `wrong`: answers wrongly. `frail`: good until people ask it. `sour`: ready as a candidate, never once it is live. `high`, `low`: within the tolerance of the golden answers, but not of each other. */
export type Quality = 'good' | 'dead' | 'unready' | 'wrong' | 'frail' | 'sour' | 'high' | 'low';
export type Qualities = Readonly<Partial<Record<StackName, Quality>>>;

export function qualityOn(qualities: Qualities, stack: StackName): Quality {
  return qualities[stack] ?? 'good';
}

/** Does it serve, as far as one stack alone can tell that is asked by nobody else? */
export function isSound(quality: Quality): boolean {
  return quality === 'good' || quality === 'frail' || quality === 'high' || quality === 'low';
}

/** Half of the releases are good; the others are bad in prod only, or on one cloud. */
export function drawQualities(random: Random): Qualities {
  const fault = random.pick(['dead', 'unready', 'wrong', 'frail', 'sour', 'sour', 'sour'] as const);
  const cloud = random.pick(['aws', 'gcp', 'azure'] as const);
  switch (random.between(0, 10)) {
    case 0:
    case 1:
      return { 'aws-prod': fault, 'gcp-prod': fault, 'azure-prod': fault };
    case 2:
    case 3:
      return { [`${cloud}-prod`]: fault };
    case 4:
      return { 'aws-prod': 'high', 'gcp-prod': 'low' };
    default:
      return {};
  }
}

/** A release made while a schedule runs may be bad in dev already. */
export function drawNewQualities(random: Random): Qualities {
  const cloud = random.pick(['aws', 'gcp', 'azure'] as const);
  const fault = random.pick(['dead', 'unready', 'wrong', 'sour'] as const);
  return random.chance(0.3) ? { [`${cloud}-dev`]: fault } : drawQualities(random);
}
