// Bytes on the branch to facts in order, believing nothing: every id, link and chain is computed again.
import { canonicalJson, sha256 } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import { chainHash, type Fact, factId, factSchema, fact as factShape, type NewFact } from '../contract/fact.ts';
import { indexOf } from './index-of.ts';

/** Where a fact lies on the branch: two levels of folders keep each one small. */
export function factPath(id: string): string {
  return `facts/${id.slice(0, 2)}/${id.slice(2, 4)}/${id}.json`;
}

/** The branch's own word on where it ends, so that a missing last fact is noticed too. */
export const headPath = 'head.json';

export function factText(fact: Fact): string {
  return `${canonicalJson(fact)}\n`;
}

const texts = new WeakMap<Fact, string>();

/** Bytes that were just verified to be this fact's. */
export function rememberText(fact: Fact, text: string): void {
  texts.set(fact, text);
}

/** `factText`, without making it again where it was read. */
export function textOf(fact: Fact): string {
  return texts.get(fact) ?? factText(fact);
}

export function headText(facts: readonly Fact[]): string {
  const last = facts.at(-1);
  return `${canonicalJson({ facts: facts.length, last: last?.id ?? null, chain: last?.chain ?? null })}\n`;
}

export interface Placed {
  /** Of every fact that was wanted. */
  readonly ids: readonly string[];
  /** Those that were not there. */
  readonly added: readonly Fact[];
}

/**
 * Gives new facts their place behind those that are there; what is there already keeps the place it has.
 * @param shape believes nothing by default. @throws DeliveryError `document-invalid`.
 */
export function placeOn(facts: readonly Fact[], wanted: readonly NewFact[], shape = parseShape): Placed {
  const { byId } = indexOf(facts);
  const ids = wanted.map((content) => factId(content));
  const added: Fact[] = [];
  let last = facts.at(-1);
  for (const [index, content] of wanted.entries()) {
    const id = ids[index] ?? factId(content);
    if (byId.has(id) || added.some((one) => one.id === id)) continue;
    const chain = chainHash(last?.chain ?? null, id);
    last = shape({ ...content, schema: factSchema, id, previous: last?.id ?? null, chain });
    added.push(last);
  }
  return { ids, added };
}

export function chainOn(facts: readonly Fact[], wanted: readonly NewFact[]): Fact[] {
  return [...placeOn(facts, wanted).added];
}

/** @throws DeliveryError `ledger-corrupt`, or `schema-unknown` for a fact of a newer trireme. */
export function parseFact(path: string, text: string): Fact {
  const name =
    path
      .split('/')
      .at(-1)
      ?.replace(/\.json$/, '') ?? path;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw corrupt(name, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw corrupt(name, 'it is not an object');
  const { id, previous: _previous, chain: _chain, ...content } = value as Record<string, unknown>;
  const computed = sha256(canonicalJson(content));
  if (computed !== id || id !== name || path !== factPath(name)) {
    throw corrupt(name, `its content has the id ${computed}`);
  }
  if (content.schema !== factSchema) {
    throw new DeliveryError(
      'schema-unknown',
      `fact ${name}: expected schema \`${factSchema}\`, found \`${String(content.schema)}\``,
      { hint: 'a newer trireme wrote it: update this checkout' },
    );
  }
  const parsed = factShape.safeParse(value);
  if (!parsed.success || factText(parsed.data) !== text)
    throw corrupt(name, 'its bytes are not those that were written');
  rememberText(parsed.data, text);
  return parsed.data;
}

/**
 * Follows `previous` from the first fact to the last, or on from those that are `known` to stand in order.
 * @throws DeliveryError `ledger-corrupt`.
 */
export function orderFacts(
  unordered: readonly Fact[],
  head: string | undefined,
  known: readonly Fact[] = [],
): readonly Fact[] {
  const next = new Map<string | null, Fact>();
  for (const fact of unordered) {
    const rival = next.get(fact.previous);
    if (rival !== undefined) throw corrupt(fact.id, `both it and ${rival.id} follow ${fact.previous ?? 'nothing'}`);
    next.set(fact.previous, fact);
  }
  const ordered = [...known];
  for (let fact = next.get(known.at(-1)?.id ?? null); fact !== undefined; fact = next.get(fact.id)) {
    const chain = chainHash(ordered.at(-1)?.chain ?? null, fact.id);
    if (fact.chain !== chain) throw corrupt(fact.id, `expected chain ${chain}, found ${fact.chain}`);
    ordered.push(fact);
  }
  if (ordered.length !== known.length + unordered.length) {
    const reached = new Set(ordered.map((fact) => fact.id));
    const lost = unordered.find((fact) => !reached.has(fact.id) && !reached.has(fact.previous ?? ''));
    throw corrupt(lost?.id ?? 'unknown', `it follows fact ${lost?.previous}, which is not there`);
  }
  if (head !== headText(ordered)) {
    throw corrupt(ordered.at(-1)?.id ?? 'unknown', 'it is not where the branch says that it ends');
  }
  return ordered;
}

export function corrupt(fact: string, found: string): DeliveryError {
  return new DeliveryError('ledger-corrupt', `fact ${fact}: expected it as it was written; found: ${found}`, {
    hint: 'facts are never edited: restore the ledger branch from another clone; to begin anew, remove the cache as well',
  });
}

function parseShape(value: Fact): Fact {
  const parsed = factShape.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(top)'}: ${issue.message}`);
  throw new DeliveryError('document-invalid', `fact ${value.id}: ${faults.join('; ')}`);
}
