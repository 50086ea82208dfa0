import { describe, expect, it } from 'vitest';
import type { Engine } from '../../../engines/engine.ts';
import { AnswerCache, rowKey } from '../../../serving/cache/answer-cache.ts';
import { cachedEngine } from '../../../serving/cache/cached-engine.ts';

function cells() {
  return { hit: { value: 0 }, miss: { value: 0 }, eviction: { value: 0 } };
}
const counted = ({ hit, miss, eviction }: ReturnType<typeof cells>) => [hit.value, miss.value, eviction.value];

/** Bounded by number alone. */
const few = (entries: number) => ({ entries, bytes: Number.POSITIVE_INFINITY, bytesOf: () => 0 });

describe('the answer cache', () => {
  it('keeps as many as it may; the one asked for longest ago makes room', () => {
    const counts = cells();
    const cache = new AnswerCache<number>(few(2), counts);
    cache.set('a', 1);
    cache.set('b', 2);
    expect(cache.get('a')).toBe(1);
    cache.set('c', 3);
    expect([cache.get('b'), cache.get('a'), cache.get('c')]).toEqual([undefined, 1, 3]);
    cache.set('c', 4);
    expect([cache.get('a'), cache.get('c')]).toEqual([1, 4]);
    expect(counted(counts)).toEqual([5, 1, 1]);
  });

  it('keeps as much as it may: keys and answers count, replaced and forgotten ones no more', () => {
    const counts = cells();
    // An entry with a key of 50 characters and an answer of 100 is taken for 300 bytes.
    const key = (name: string) => name.repeat(50);
    const cache = new AnswerCache<number>({ entries: 1000, bytes: 900, bytesOf: (answer) => answer }, counts);
    const kept = () => ['a', 'b', 'c', 'd'].filter((name) => cache.get(key(name)) !== undefined).join('');
    for (const name of ['a', 'b', 'c']) cache.set(key(name), 100);
    cache.set(key('b'), 100);
    expect([kept(), counts.eviction.value]).toEqual(['abc', 0]);
    cache.set(key('d'), 101);
    expect([kept(), counts.eviction.value]).toEqual(['cd', 2]);
    // Larger than all that may be kept: nothing makes room for it.
    cache.set(key('a'), 1000);
    expect([kept(), counts.eviction.value]).toEqual(['cd', 2]);
    cache.set(key('a'), 100);
    expect([kept(), counts.eviction.value]).toEqual(['ad', 3]);
  });

  it('tells rows apart by model and every byte', () => {
    const rows = Float32Array.of(1, 2, 1, 2.0000002, 0, -0, 1, 2);
    const key = (digest: string, row: number) => rowKey(digest, rows, row, 2);
    expect(key('d', 0)).toBe(key('d', 3));
    expect(new Set([key('d', 0), key('d', 1), key('d', 2), key('e', 0)]).size).toBe(4);
    expect(rowKey('d', rows.subarray(6), 0, 2)).toBe(key('d', 0));
  });
});

describe('an engine that remembers', () => {
  const asked: number[][] = [];
  const room = new Float32Array(8);
  /** Doubles, into a room of its own that the next call overwrites. */
  const doubling: Engine = {
    name: 'doubling',
    inputWidth: 1,
    outputWidth: 1,
    run(inputs, rows) {
      asked.push([...inputs.subarray(0, rows)]);
      for (let row = 0; row < rows; row++) room[row] = 2 * (inputs[row] ?? 0);
      return room.subarray(0, rows);
    },
  };
  const run = (engine: Engine, ...values: number[]) => [...engine.run(Float32Array.from(values), values.length)];

  it('asks for what it does not know, in one run, and answers in the order asked', () => {
    const counts = cells();
    const { engine, begin } = cachedEngine(doubling, 'd', new AnswerCache(few(10), counts));
    expect(run(engine, 1, 1)).toEqual([2, 2]);
    expect(counted(counts)).toEqual([0, 0, 0]);
    begin();
    asked.length = 0;
    expect(run(engine, 1, 2)).toEqual([2, 4]);
    expect(run(engine, 3, 2, 4, 1)).toEqual([6, 4, 8, 2]);
    expect(run(engine, 4)).toEqual([8]);
    expect(asked).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(counted(counts)).toEqual([3, 4, 0]);
  });

  it('meets no answer of another model', () => {
    const cache = new AnswerCache<Float32Array>(few(10), cells());
    const [one, two] = [
      cachedEngine(doubling, 'd', cache),
      cachedEngine({ ...doubling, run: (inputs) => inputs }, 'e', cache),
    ];
    one.begin();
    two.begin();
    expect([run(one.engine, 5), run(two.engine, 5), run(one.engine, 5)]).toEqual([[10], [5], [10]]);
  });

  it('is right when it holds less than one request has', () => {
    const counts = cells();
    const { engine, begin } = cachedEngine(doubling, 'd', new AnswerCache(few(2), counts));
    begin();
    expect(run(engine, 1, 2, 3, 4)).toEqual([2, 4, 6, 8]);
    expect(run(engine, 4, 1)).toEqual([8, 2]);
    expect(counted(counts)).toEqual([1, 5, 3]);
  });
});
