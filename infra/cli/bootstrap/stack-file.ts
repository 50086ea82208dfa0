// Adds keys to a stack file without touching what is there: comments, order and spelling stay a person's. Pure.
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { foundationConfig } from '../../contract/service.ts';

const prefix = 'trireme:';
const order = Object.keys(foundationConfig.shape).map((key) => `${prefix}${key}`);

export interface Edited {
  readonly text: string;
  /** Lines that came and went, with `+` and `-` before them. */
  readonly diff: readonly string[];
}

/** @param missing by key without prefix. Keys that the file has are left alone. */
export function withMissingKeys(text: string, missing: Readonly<Record<string, unknown>>): Edited {
  const document = parseDocument(text);
  const config = document.get('config');
  if (!isMap(config)) return { text, diff: [] };
  const added = Object.entries(missing).filter(([key]) => !config.has(`${prefix}${key}`));
  if (added.length === 0) return { text, diff: [] };
  for (const [key, value] of added) insert(config, document.createPair(`${prefix}${key}`, value));
  const edited = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return { text: edited, diff: diffOf(text, edited) };
}

/** Where its place is among the keys every stack file has in one order. */
function insert(config: YAMLMap, pair: YAMLMap['items'][number]): void {
  const rank = ({ key }: YAMLMap['items'][number]) => order.indexOf(String(isScalar(key) ? key.value : key));
  const at = config.items.findIndex((item) => rank(item) > rank(pair));
  config.items.splice(at === -1 ? config.items.length : at, 0, pair);
}

/** Whole lines by their longest common run; stack files are short. */
export function diffOf(before: string, after: string): readonly string[] {
  const [old, now] = [before, after].map((text) => text.replace(/\n$/, '').split('\n'));
  if (old === undefined || now === undefined) return [];
  const longest: number[][] = Array.from({ length: old.length + 1 }, () =>
    Array.from({ length: now.length + 1 }, () => 0),
  );
  const at = (i: number, j: number) => longest[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      const row = longest[i];
      if (row !== undefined) row[j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) [i, j] = [i + 1, j + 1];
    else if (j < now.length && (i === old.length || at(i, j + 1) > at(i + 1, j))) lines.push(`+ ${now[j++]}`);
    else lines.push(`- ${old[i++]}`);
  }
  return lines;
}
