import { describe, expect, test } from 'vitest';
import { replacementIn, replacementLines, servingTypes } from '../../contract/replacement.ts';

type RuntimeName = keyof typeof servingTypes;
const { 'app-runner': appRunner, 'ecs-express': express, 'cloud-run': cloudRun } = servingTypes;
const change = (operation: 'create' | 'update' | 'replace' | 'delete', type: string) => ({ operation, type });

describe('what a plan takes away', () => {
  test.each([
    ['nothing', [], undefined],
    ['a service that is updated', [change('update', cloudRun)], undefined],
    ['a first deployment', [change('create', cloudRun)], undefined],
    ['something beside the service', [change('replace', 'aws:iam/role:Role'), change('update', appRunner)], undefined],
    [
      'another runtime',
      [change('delete', appRunner), change('create', express)],
      { from: 'app-runner', to: 'ecs-express' },
    ],
    ['and back', [change('create', appRunner), change('delete', express)], { from: 'ecs-express', to: 'app-runner' }],
    ['another region', [change('replace', cloudRun)], { from: 'cloud-run', to: 'cloud-run' }],
    [
      'made in one place, deleted in another',
      [change('create', cloudRun), change('delete', cloudRun)],
      { from: 'cloud-run', to: 'cloud-run' },
    ],
    ['a deletion', [change('delete', cloudRun)], { from: 'cloud-run', to: null }],
  ])('%s', (_, changes, expected) => expect(replacementIn(changes)).toEqual(expected));

  test.each<[string, ReturnType<typeof change>[], RuntimeName | undefined, object | undefined]>([
    ['is there, untouched', [change('delete', appRunner)], 'ecs-express', undefined],
    ['is there, and updated', [change('delete', appRunner), change('update', express)], undefined, undefined],
    ['is not there', [change('delete', appRunner)], undefined, { from: 'app-runner', to: null }],
    [
      'is there, and made anew',
      [change('delete', appRunner), change('replace', express)],
      undefined,
      { from: 'ecs-express', to: 'ecs-express' },
    ],
  ])('what a change of runtime left, where the new service %s', (_, changes, stays, expected) => {
    expect(replacementIn(changes, stays)).toEqual(expected);
    expect(replacementLines([{ stack: 'aws-prod', changes, stays }])).toHaveLength(expected === undefined ? 0 : 1);
  });

  test('one line for each stack that loses its service', () => {
    const plans = [
      { stack: 'aws-prod', changes: [change('delete', appRunner), change('create', express)] },
      { stack: 'gcp-prod', changes: [change('replace', cloudRun)] },
      { stack: 'azure-prod', changes: [change('update', servingTypes['app-service'])] },
    ];
    expect(replacementLines(plans)).toEqual([
      expect.stringMatching(
        /^aws-prod: its runtime changes from app-runner to ecs-express: a new service at a new address/,
      ),
      expect.stringMatching(/^gcp-prod: its service on cloud-run is made anew: nothing answers meanwhile/),
    ]);
  });
});
