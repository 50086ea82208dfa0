// What would change: a plan with what can't be undone first, and what differs between two releases.
import { type PlanChange, tallyInWords } from '../contract/plan.ts';
import { modelTitle, type ReleaseManifest } from '../contract/release.ts';
import { replacementLines } from '../contract/replacement.ts';
import type { RuntimeName } from '../contract/service.ts';
import { type Html, html } from './html.ts';
import { table } from './shell.ts';
import { digest, releaseLink, said } from './words.ts';

type Plans = Readonly<
  Record<
    string,
    {
      readonly fingerprint: string;
      readonly changes: readonly PlanChange[];
      readonly warnings?: readonly string[] | undefined;
      readonly stays?: RuntimeName | undefined;
    }
  >
>;

const order: readonly PlanChange['operation'][] = ['delete', 'replace', 'create', 'update', 'other'];
const words = {
  delete: { word: 'delete', mark: '−', tone: 'bad' },
  replace: { word: 'replace', mark: '±', tone: 'bad' },
  create: { word: 'create', mark: '+', tone: 'busy' },
  update: { word: 'update', mark: '~', tone: 'calm' },
  other: { word: 'other', mark: '?', tone: 'warn' },
} as const;

/** `3 stacks change: 3 updated, 0 replaced, 0 deleted`. */
export function planSummary(plans: Plans): string {
  const all = Object.values(plans);
  const changing = all.filter(({ changes }) => changes.length > 0);
  const stacks = changing.length === 1 ? '1 stack changes' : `${changing.length} stacks change`;
  return `${stacks}: ${tallyInWords(all.flatMap(({ changes }) => changes))}`;
}

/** What is deleted or replaced and what the policy pack warns of, by stack, said before anybody opens a plan. */
export function losses(plans: Plans): readonly Html[] {
  return Object.entries(plans).flatMap(([stack, { changes, stays, warnings = [] }]) => {
    const lost = changes.filter(({ operation }) => operation === 'delete' || operation === 'replace');
    const warned = warnings.map((one) => html`<p class="notice warn"><b>${stack}, policy:</b> ${one}</p>`);
    const taken = replacementLines([{ stack, changes, stays }]).map((line) => html`<p class="notice bad">${line}.</p>`);
    if (lost.length === 0) return warned;
    const named = lost.map(({ operation, name, type }) => html`<code>${name}</code> (${type}) is ${operation}d`);
    return [
      ...taken,
      html`<p class="notice bad"><b>${stack} loses something:</b> ${named.map((one, index) => html`${index > 0 && ', '}${one}`)}.</p>`,
      ...warned,
    ];
  });
}

/** One table for each stack; deletions and replacements stand first. */
export function planTables(
  plans: Plans,
  previous: Readonly<Record<string, string | null>>,
  release: string,
): readonly Html[] {
  return Object.entries(plans).map(([stack, { changes, fingerprint }]) => {
    const from = previous[stack] ?? null;
    const way = html`<b>${stack}</b>: ${from === null ? 'nothing' : releaseLink(from)} → ${releaseLink(release)}, plan ${digest(fingerprint)}`;
    if (changes.length === 0) return html`<p>${way}: no resource changes.</p>`;
    const sorted = [...changes].sort((a, b) => order.indexOf(a.operation) - order.indexOf(b.operation));
    const rows = sorted.map(({ operation, type, name, paths }) => [
      said(words[operation]),
      html`<code>${name}</code>`,
      html`<code>${type}</code>`,
      paths.length === 0 ? 'all of it' : paths.map((path, index) => html`${index > 0 && ', '}<code>${path}</code>`),
    ]);
    return html`<p>${way}</p>${table(`What changes on ${stack}`, ['does', 'resource', 'type', { name: 'what changes', kind: 'words' }], rows, 'bare')}`;
  });
}

/** The parts of a release that two can differ in, by name, each as one comparable text. */
export function partsOf(manifest: ReleaseManifest): ReadonlyMap<string, string> {
  const { source, image, build, models, infra } = manifest;
  return new Map([
    ['commit', source.commit],
    ['image', image.digest],
    ['builder', `${image.builder} ${image.builderVersion}`],
    ['Node', build.node],
    ['lock file', build.lockfile],
    ...models.map((model): [string, string] => [modelTitle(model), model.digest]),
    ['infrastructure program', infra.program],
    ...Object.entries(infra.stackConfigs).map(([stack, hash]): [string, string] => [`stack file ${stack}`, hash]),
  ]);
}

/** Every part that differs; empty when two releases are the same but for their name. */
export function differences(
  from: ReleaseManifest,
  to: ReleaseManifest,
): readonly { readonly part: string; readonly from: string | undefined; readonly to: string | undefined }[] {
  const [before, after] = [partsOf(from), partsOf(to)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((part) => ({ part, from: before.get(part), to: after.get(part) }))
    .filter((one) => one.from !== one.to);
}

export function differenceTable(caption: string, from: ReleaseManifest, to: ReleaseManifest): Html {
  const rows = differences(from, to).map((one) => [
    one.part,
    one.from === undefined ? 'not there' : partValue(one.from),
    one.to === undefined ? 'not there' : partValue(one.to),
  ]);
  if (rows.length === 0) return html`<p>Nothing differs but the name.</p>`;
  return table(caption, ['part', 'before', 'after'], rows);
}

export function partValue(value: string): Html {
  return /^(sha256:)?[0-9a-f]{40,}$/.test(value) ? digest(value) : html`<code>${value}</code>`;
}
