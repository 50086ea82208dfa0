// What a rule of the policy pack is: a pure judgement of a resource, or of all of a stack, with the words a person needs to mend it.
import type { Enforcement } from '../contract/policy-pack.ts';
import { lastEnvironment } from '../contract/stack.ts';
import { at, type Fields, shown, unknown, type Value } from './value.ts';

export interface Judged {
  readonly urn: string;
  /** `gcp:cloudrunv2/service:Service` */
  readonly type: string;
  readonly name: string;
  /** `gcp-prod` */
  readonly stack: string;
  readonly inputs: Fields;
  /** Pulumi's own protection against deletion. */
  readonly isProtected: boolean;
}

/** Of a whole stack, once all of it is known: what a resource depends on, by URN. */
export interface JudgedInStack extends Judged {
  readonly dependencies: readonly string[];
}

export interface Finding {
  /** Of the resource's inputs. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** It can't be judged before the update: a preview warns, the update judges. */
  readonly isUnknown?: boolean;
}

export interface Rule {
  readonly enforcement: Enforcement;
  /** One sentence: what it asks, and why. */
  readonly reason: string;
  /** The vendor's own page, or the one of each. */
  readonly pages: readonly string[];
  readonly mend: string;
  readonly resource?: (resource: Judged) => readonly Finding[];
  readonly stack?: (resources: readonly JudgedInStack[]) => readonly (Finding & { readonly urn: string })[];
}

export function isProd({ stack }: Pick<Judged, 'stack'>): boolean {
  return stack.endsWith(`-${lastEnvironment}`);
}

/** One input, judged where it is known. */
export function expects(
  inputs: Value,
  path: string,
  expected: string,
  isRight: (value: Value | undefined) => boolean,
): readonly Finding[] {
  const value = at(inputs, path);
  if (value === unknown) return [{ path, expected, found: shown(value), isUnknown: true }];
  return isRight(value) ? [] : [{ path, expected, found: shown(value) }];
}

export function expectsOneOf(
  inputs: Value,
  path: string,
  ...right: readonly (Value | undefined)[]
): readonly Finding[] {
  const named = right.filter((one) => one !== undefined).map(shown);
  return expects(inputs, path, named.join(' or '), (value) => right.includes(value));
}
