// Answers that were given before, by model digest and the very bytes the network takes: the one asked for longest ago makes room.
import type { CounterCell } from '../metrics/cells.ts';

export interface CacheCells {
  readonly hit: CounterCell;
  readonly miss: CounterCell;
  readonly eviction: CounterCell;
}

export interface Bounds<V> {
  /** How many are kept, at least 1. */
  readonly entries: number;
  /** Of keys and answers together; an answer larger than that is not kept. */
  readonly bytes: number;
  /** About how many an answer takes beside its key. */
  bytesOf(answer: V): number;
}

/** What an entry takes beside its key's text and its answer: the map's place for it, two heads of objects. */
const entryBytes = 150;

export class AnswerCache<V> {
  readonly #bounds: Bounds<V>;
  readonly #cells: CacheCells;
  /** In the order they were asked for. */
  readonly #answers = new Map<string, V>();
  #bytes = 0;

  constructor(bounds: Bounds<V>, cells: CacheCells) {
    this.#bounds = bounds;
    this.#cells = cells;
  }

  get(key: string): V | undefined {
    const found = this.#answers.get(key);
    if (found === undefined) {
      this.#cells.miss.value += 1;
      return undefined;
    }
    this.#cells.hit.value += 1;
    this.#answers.delete(key);
    this.#answers.set(key, found);
    return found;
  }

  set(key: string, answer: V): void {
    const before = this.#answers.get(key);
    if (before !== undefined) this.#forget(key, before);
    const { entries, bytes } = this.#bounds;
    const size = this.#sizeOf(key, answer);
    if (size > bytes) return;
    this.#answers.set(key, answer);
    this.#bytes += size;
    for (const [oldest, one] of this.#answers) {
      if (this.#answers.size <= entries && this.#bytes <= bytes) return;
      this.#forget(oldest, one);
      this.#cells.eviction.value += 1;
    }
  }

  #forget(key: string, answer: V): void {
    this.#answers.delete(key);
    this.#bytes -= this.#sizeOf(key, answer);
  }

  #sizeOf(key: string, answer: V): number {
    return entryBytes + key.length + this.#bounds.bytesOf(answer);
  }
}

/** @param inputs rows as the network takes them. */
export function rowKey(digest: string, inputs: Float32Array, row: number, width: number): string {
  const at = inputs.byteOffset + row * width * Float32Array.BYTES_PER_ELEMENT;
  return digest + Buffer.from(inputs.buffer, at, width * Float32Array.BYTES_PER_ELEMENT).toString('latin1');
}
