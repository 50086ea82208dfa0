// May a release take the image of the one before it? Pure: every reason for a new one, none when it may.
import { builtFrom, type ModelOfRelease, type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import { entersImage } from './image-paths.ts';

export interface ReuseQuestion {
  /** The newest release; `undefined` when this is the first. */
  readonly last: ReleaseManifest | undefined;
  /** The tree holds what no commit does. */
  readonly dirty: boolean;
  readonly models: readonly ModelOfRelease[];
  readonly builder: ReleaseManifest['image']['builder'];
  /** Of trireme's own builder, whose version is part of what it makes; `undefined` for an engine, whose version is not. */
  readonly builderVersion: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Paths that differ from the commit the last image was built from; `undefined` when that commit is not in this clone. */
  readonly changed: readonly string[] | undefined;
  /** By where this release's copies belong, the digest that the registry serves there. */
  readonly served: Readonly<Record<string, string | undefined>>;
}

export function reasonsForNewImage(question: ReuseQuestion): readonly string[] {
  const { last, dirty, models, builder, builderVersion, buildArgs, changed, served } = question;
  if (last === undefined) return ['there is no release before this one'];
  const { image, build, source } = last;
  const entered = (changed ?? []).filter(entersImage);
  const copies = new Set(image.copies.map(({ ref }) => ref));
  const reasons: readonly (readonly [applies: boolean, reason: string])[] = [
    [dirty || source.dirty, 'files that no commit holds'],
    [changed === undefined, `the commit it was built from, ${builtFrom(last).slice(0, 12)}, is not in this clone`],
    [entered.length > 0, `changed since: ${listed(entered)}`],
    [!sameModels(models, last.models), 'other models'],
    [image.builder !== builder, `it was built as ${image.builder}`],
    [
      image.builder === builder && builderVersion !== undefined && image.builderVersion !== builderVersion,
      'another version of the builder',
    ],
    [!sameWords(build.arguments ?? {}, buildArgs), 'other arguments of the build'],
    ...Object.entries(served).map(
      ([ref, digest]) => [digest !== image.digest || !copies.has(ref), `${ref} is not there`] as const,
    ),
  ];
  return reasons.flatMap(([applies, reason]) => (applies ? [`${releaseIdOf(last)}'s image: ${reason}`] : []));
}

/** In the same order too, which the image states: the first answers `/predict`. */
function sameModels(a: ReuseQuestion['models'], b: ReuseQuestion['models']): boolean {
  const words = (models: ReuseQuestion['models']) =>
    models.map(({ name, digest, label = '' }) => `${name} ${digest} ${label}`).join('\n');
  return words(a) === words(b);
}

function sameWords(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

const listedAtMost = 3;

function listed(paths: readonly string[]): string {
  const more = paths.length - listedAtMost;
  return `${paths.slice(0, listedAtMost).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
