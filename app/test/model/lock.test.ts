import { describe, expect, it } from 'vitest';
import { type LockedModel, lockSchema, withModel } from '../../model/lock.ts';

const wine: LockedModel = { name: 'wine', digest: 'sha256:1', url: null };
const next: LockedModel = { ...wine, digest: 'sha256:2' };
const challenger: LockedModel = { ...wine, digest: 'sha256:3', problem: 'b.yaml', label: 'challenger' };
const beer: LockedModel = { name: 'beer', digest: 'sha256:4', url: null, problem: 'beer.yaml' };
const fetched: LockedModel = { name: 'fetched', digest: 'sha256:5', url: 'https://models.example/fetched' };

const lockOf = (...models: LockedModel[]) => ({ schema: lockSchema, models }) as const;

describe('a model in the lock', () => {
  it.each<[string, LockedModel[], LockedModel, LockedModel[]]>([
    ['is the first where there is none', [], wine, [wine]],
    ['stays where it was', [wine, beer], next, [next, beer]],
    ['comes last where it is new', [wine, fetched], beer, [wine, fetched, beer]],
    [
      'takes the place of what its problem file made',
      [fetched, wine, beer],
      { ...next, name: 'gin' },
      [fetched, { ...next, name: 'gin' }, beer],
    ],
    ['stands beside the champion as a challenger', [wine], challenger, [wine, challenger]],
    ['leaves the challenger alone', [wine, challenger], next, [next, challenger]],
    ['replaces a fetched one of its name', [fetched], { ...beer, name: 'fetched' }, [{ ...beer, name: 'fetched' }]],
    [
      'is the champion once its file makes that',
      [wine, challenger, beer],
      { ...next, problem: 'b.yaml' },
      [{ ...next, problem: 'b.yaml' }, beer],
    ],
  ])('%s', (_what, before, model, after) => {
    expect(withModel(lockOf(...before), model)).toEqual(lockOf(...after));
  });

  it.each<[string, LockedModel[], LockedModel]>([
    ['a challenger of nobody', [beer], challenger],
    ['the champion as its own challenger', [wine], { ...wine, label: 'challenger' }],
    ['another champion in the place of the one that has a challenger', [wine, challenger], { ...next, name: 'gin' }],
  ])('is refused: %s', (_what, before, model) => {
    expect(() => withModel(lockOf(...before), model)).toThrow(/expected a champion of wine beside its challenger/);
  });
});
