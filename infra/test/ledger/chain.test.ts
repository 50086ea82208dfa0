import { describe, expect, it } from 'vitest';
import type { Fact } from '../../contract/fact.ts';
import { chainOn, headText, orderFacts } from '../../ledger/chain.ts';
import { ledgerOf, releaseFact } from './sample-facts.ts';

const [first, second, third] = ledgerOf(releaseFact(1), releaseFact(2), releaseFact(3)) as [Fact, Fact, Fact];

describe('the order of facts', () => {
  it('is found whatever order they are read in', () => {
    expect(orderFacts([third, first, second], headText([first, second, third]))).toEqual([first, second, third]);
    expect(orderFacts([], headText([]))).toEqual([]);
  });

  it.each<[string, Fact[], Fact[]]>([
    ['a fact was taken out and its followers were tied together again', [first, { ...third, previous: first.id }], []],
    ['two facts follow the same one', [first, second, { ...third, previous: first.id }], []],
    ['the first one is missing', [second, third], []],
    ['the branch says that there is more', [first, second], [first, second, third]],
  ])('is refused when %s', (_name, facts, said) => {
    const head = headText(said.length === 0 ? facts : said);
    expect(() => orderFacts(facts, head)).toThrow(expect.objectContaining({ code: 'ledger-corrupt' }));
  });
});

it('a new fact is refused when it is not what a fact may be', () => {
  const wrong = { ...releaseFact(1), release: 'rel-1' };
  expect(() => chainOn([], [wrong])).toThrow(expect.objectContaining({ code: 'document-invalid' }));
});
