// The tags of every AWS resource: the platform's own, by which costs are told apart, and the stack file's labels.
import { project } from '../names.ts';

/** @param owner the environment a resource belongs to; `foundation` for what all of them share. */
export function tagsOf(owner: string, labels: Readonly<Record<string, string>>): Record<string, string> {
  const tags = { ...labels, project, environment: owner, 'managed-by': 'pulumi' };
  return Object.fromEntries(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a label may not be called: those of {@link tagsOf}, and AWS's own prefix. */
export function tagFaults(labels: Readonly<Record<string, string>>): string[] {
  const taken = Object.keys(labels).filter((key) => key in tagsOf('', {}) || key.startsWith('aws'));
  // https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
  const wrong = Object.entries(labels).filter(([, value]) => !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(value));
  return [
    ...taken.map(
      (key) => `labels.${key}: expected a name that neither the platform nor AWS uses itself; found \`${key}\``,
    ),
    ...wrong.map(([key, value]) => `labels.${key}: expected letters, numbers, spaces and _.:/=+-@; found \`${value}\``),
  ];
}
