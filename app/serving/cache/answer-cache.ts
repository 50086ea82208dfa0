// Answers that were given before, by model digest and the very bytes the network takes: the one asked for longest ago makes room.
import type { CounterCell } from '../metrics/cells.ts';

export interface CacheCells {
  readonly hit: CounterCell;
  readonly miss: CounterCell;
  readonly eviction: CounterCell;
}

export class AnswerCache<V> {
  readonly #entries: number;
  readonly #cells: CacheCells;
  /** In the order they were asked for. */
  readonly #answers = new Map<string, V>();

  /** @param entries how many are kept, at least 1. */
  constructor(entries: number, cells: CacheCells) {
    this.#entries = entries;
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
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    if (this.#answers.size <= this.#entries) return;
    for (const oldest of this.#answers.keys()) {
      this.#answers.delete(oldest);
      this.#cells.eviction.value += 1;
      return;
    }
  }
}

/** @param inputs rows as the network takes them. */
export function rowKey(digest: string, inputs: Float32Array, row: number, width: number): string {
  const at = inputs.byteOffset + row * width * Float32Array.BYTES_PER_ELEMENT;
  return digest + Buffer.from(inputs.buffer, at, width * Float32Array.BYTES_PER_ELEMENT).toString('latin1');
}
