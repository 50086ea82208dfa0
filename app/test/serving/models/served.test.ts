import { describe, expect, it } from 'vitest';
import { type ModelLabel, modelLabels } from '../../../model/labels.ts';
import { type Asked, modelCalled } from '../../../serving/models/called.ts';
import { Served } from '../../../serving/models/served.ts';
import type { Predictor } from '../../../serving/predictor.ts';

function model(name: string, version: string): Predictor {
  return { model: { name }, version, digest: `sha256:${version}` } as Predictor;
}

const wine1 = model('wine', 'w1');
const wine2 = model('wine', 'w2');
const beer = model('beer', 'b1');
const both = Served.of([
  { predictor: wine2, label: 'challenger' },
  { predictor: wine1, label: 'champion' },
  { predictor: beer, label: 'champion' },
]);

describe('the models of a service', () => {
  it('are in the order stated, the champion of each first', () => {
    expect(both.all).toEqual([wine1, wine2, beer]);
    expect(both.names).toEqual(['wine', 'beer']);
    expect(both.versionsOf('wine')).toEqual([wine1, wine2]);
    expect(both.versionsOf('toString')).toEqual([]);
  });

  it.each<[string, readonly (readonly [Predictor, ModelLabel])[], RegExp]>([
    [
      'two champions',
      [
        [wine1, 'champion'],
        [wine2, 'champion'],
      ],
      /one champion of wine, found two/,
    ],
    [
      'one version as both',
      [
        [wine1, 'champion'],
        [wine1, 'challenger'],
      ],
      /two versions of wine, found w1 twice/,
    ],
    [
      'a challenger of nobody',
      [
        [beer, 'champion'],
        [wine2, 'challenger'],
      ],
      /a champion of wine, found its challenger/,
    ],
  ])('are refused with %s', (_what, models, message) => {
    expect(() => Served.of(models.map(([predictor, label]) => ({ predictor, label })))).toThrow(message);
  });

  it.each<[Asked, string]>([
    [{}, 'w1'],
    [{ name: 'wine' }, 'w1'],
    [{ name: 'beer' }, 'b1'],
    [{ name: 'wine', version: 'w2' }, 'w2'],
    [{ name: 'wine', label: 'champion' }, 'w1'],
    [{ name: 'wine', label: 'stable' }, 'w1'],
    [{ name: 'wine', label: 'challenger' }, 'w2'],
    [{ name: 'wine', label: 'canary' }, 'w2'],
  ])('are called by %o', (asked, version) => {
    expect(modelCalled(both, asked).version).toBe(version);
  });

  it.each<[Asked, string]>([
    [{ name: 'gin' }, 'expected a model of this service (wine, beer), found "gin"'],
    [{ name: 'wine', version: 'b1' }, 'expected a version of wine that is served (w1, w2), found "b1"'],
    [{ name: 'beer', label: 'canary' }, 'expected a label of beer (champion, stable), found "canary"'],
    [
      { name: 'wine', label: 'constructor' },
      'expected a label of wine (champion, challenger, stable, canary), found "constructor"',
    ],
    [
      { name: 'gin', inTensorflowWords: true },
      'Servable not found for request: Latest(gin); expected a model of this service (wine, beer), found "gin"',
    ],
  ])('does not find %o', (asked, message) => {
    expect(() => modelCalled(both, asked)).toThrow(expect.objectContaining({ code: 'model-unknown', message }));
  });

  it('have labels that move without the others, and a new champion comes first', () => {
    const moved = both.moved('champion', wine2);
    expect(moved.all).toEqual([wine2, wine1, beer]);
    expect(modelLabels.map((label) => moved.labelled('wine', label))).toEqual([wine2, wine2]);
    expect([moved.labelsOf(wine1), moved.labelsOf(wine2)]).toEqual([[], ['challenger', 'champion']]);
    expect(moved.labelled('beer', 'champion')).toBe(beer);
    expect(both.labelled('wine', 'champion')).toBe(wine1);
    expect(moved.moved('champion', wine1).moved('challenger', wine2).all).toEqual(both.all);
  });
});
