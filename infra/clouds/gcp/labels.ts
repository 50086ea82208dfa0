// The labels of everything that takes labels: a stack's own, and the platform's, by which a bill and a console are read.
import { project } from '../names.ts';

/**
 * Sorted: a provider that returns them in another order must not look like a change. The platform's own win.
 * @param owner the environment; `foundation` for what all environments share
 */
export function labelsOf(own: Readonly<Record<string, string>>, owner: string): Record<string, string> {
  const all = { ...own, environment: owner, 'managed-by': 'pulumi', project };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a label may not be. https://cloud.google.com/resource-manager/docs/labels-overview#requirements */
export function labelFaults(labels: Readonly<Record<string, string>>): string[] {
  const taken = Object.keys(labels).filter((key) => key in labelsOf({}, ''));
  const misnamed = Object.keys(labels).filter((key) => !/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key));
  const wrong = Object.entries(labels).filter(([, value]) => !/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(value));
  return [
    ...taken.map((key) => `labels.${key}: expected a name that the platform does not use itself; found \`${key}\``),
    ...misnamed.map(
      (key) =>
        `labels.${key}: expected a name of lower-case letters, digits, - and _, a letter first, at most 63; found \`${key}\``,
    ),
    ...wrong.map(
      ([key, value]) => `labels.${key}: expected lower-case letters, digits, - and _, at most 63; found \`${value}\``,
    ),
  ];
}
