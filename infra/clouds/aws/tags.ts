// The tags of every AWS resource: the platform's own, by which costs are told apart, and the stack file's labels.
import { project } from '../names.ts';

/** @param owner the environment a resource belongs to; `foundation` for what all of them share. */
export function tagsOf(owner: string, labels: Readonly<Record<string, string>>): Record<string, string> {
  const tags = { ...labels, project, environment: owner, 'managed-by': 'pulumi' };
  return Object.fromEntries(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a label may not be: called as those of {@link tagsOf} or with AWS's own prefix, or of other signs, or too long. */
export function tagFaults(labels: Readonly<Record<string, string>>): string[] {
  const taken = Object.keys(labels).filter((key) => key in tagsOf('', {}) || key.startsWith('aws'));
  const misnamed = Object.keys(labels).filter((key) => !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key));
  // https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
  const wrong = Object.entries(labels).filter(([, value]) => !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value));
  return [
    ...taken.map(
      (key) => `labels.${key}: expected a name that neither the platform nor AWS uses itself; found \`${key}\``,
    ),
    ...misnamed.map(
      (key) => `labels.${key}: expected a name of at most 128 letters, numbers, spaces and _.:/=+-@; found \`${key}\``,
    ),
    ...wrong.map(
      ([key, value]) =>
        `labels.${key}: expected letters, numbers, spaces and _.:/=+-@, at most 256; found \`${value}\``,
    ),
  ];
}
