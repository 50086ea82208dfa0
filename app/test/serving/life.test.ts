import { describe, expect, it } from 'vitest';
import { Life } from '../../serving/life.ts';
import { missingSettings } from '../../serving/models/load.ts';

describe('the life of a service', () => {
  it('answers once it is ready, and while it drains', () => {
    const life = new Life();
    expect([life.answers, life.reason]).toEqual([false, 'the models are being loaded']);
    life.ready();
    expect([life.answers, life.reason]).toEqual([true, undefined]);
    life.drain();
    expect([life.phase, life.answers, life.reason]).toEqual(['draining', true, 'it was asked to stop']);
  });

  it('never answers when it was refused, whatever comes after', () => {
    const life = new Life();
    life.refuse('no model');
    life.ready();
    expect([life.phase, life.answers, life.reason]).toEqual(['refused', false, 'no model']);
    life.drain();
    expect(life.answers).toBe(false);
  });

  it('does not become ready when it was stopped while the models were loaded', () => {
    const life = new Life();
    life.drain();
    life.ready();
    expect([life.phase, life.answers]).toEqual(['draining', false]);
  });

  it('names every setting that is missing, and why it is needed', () => {
    const model = {
      name: 'wine',
      settings: [
        { name: 'A', why: 'first' },
        { name: 'B', why: 'second' },
      ],
    };
    const missing = (...present: string[]) => missingSettings([model], new Set(present));
    expect(missing('A', 'B')).toBeUndefined();
    expect(missing('A')).toMatch(/wine needs the setting B \(second\)/);
    expect(missing('A')).not.toMatch(/setting A/);
    expect(missing()).toMatch(/setting A.*setting B/);
  });
});
