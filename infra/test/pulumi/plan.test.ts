import { describe, expect, test } from 'vitest';
import { servingTypes } from '../../contract/replacement.ts';
import { planOf, type Step, stepOf } from '../../pulumi/plan.ts';

const stackStep: Step = {
  op: 'create',
  urn: 'urn:pulumi:gcp-dev::trireme::pulumi:pulumi:Stack::trireme-gcp-dev',
  type: 'pulumi:pulumi:Stack',
};
const urn = 'urn:pulumi:gcp-dev::trireme::gcp:cloudrunv2/service:Service::service';
const type = 'gcp:cloudrunv2/service:Service';

function update(image: string, variables: Record<string, unknown> = { LOG_LEVEL: 'info' }): Step {
  const envs = Object.entries(variables).map(([name, value]) => ({ name, value }));
  return {
    op: 'update',
    urn,
    type,
    inputs: {
      __defaults: ['x'],
      location: 'europe-west1',
      template: { containers: [{ image, envs }], maxInstances: 4 },
    },
    paths: ['template.containers[0].image', 'template.containers[0].envs[0].value'],
  };
}

describe('the changes of a plan', () => {
  test.each([
    { op: 'same', operations: [] },
    { op: 'read', operations: [] },
    { op: 'refresh', operations: [] },
    { op: 'create', operations: ['create'] },
    { op: 'update', operations: ['update'] },
    { op: 'delete', operations: ['delete'] },
    { op: 'discard', operations: ['delete'] },
    { op: 'import', operations: ['other'] },
    { op: 'remove-pending-replace', operations: ['other'] },
  ])("the engine's `$op` gives $operations", ({ op, operations }) => {
    expect(planOf('gcp-dev', [stackStep, { op, urn, type }]).changes.map((change) => change.operation)).toEqual(
      operations,
    );
  });

  test('what goes on answering is named where another service is only deleted, and nowhere else', () => {
    const old: Step = { op: 'delete', urn: 'urn:pulumi:aws-dev::trireme::o', type: servingTypes['app-runner'] };
    const now: Step = { op: 'same', urn: 'urn:pulumi:aws-dev::trireme::n', type: servingTypes['ecs-express'] };
    expect(planOf('aws-dev', [old, now]).stays).toBe('ecs-express');
    expect(planOf('aws-dev', [now])).not.toHaveProperty('stays');
    expect(planOf('aws-dev', [old])).not.toHaveProperty('stays');
    expect(planOf('aws-dev', [old, { ...now, op: 'create' }])).not.toHaveProperty('stays');
  });

  test('the three steps of a replacement are one change', () => {
    const inputs = { name: 'b' };
    const steps: Step[] = [
      { op: 'create-replacement', urn, type, inputs, paths: ['name'] },
      { op: 'replace', urn, type, inputs, paths: ['name'] },
      { op: 'delete-replaced', urn, type },
    ];
    expect(planOf('gcp-dev', steps).changes).toEqual([
      { urn, type, name: 'service', operation: 'replace', paths: ['name'] },
    ]);
  });

  test('paths and changes are sorted, whatever the order in which the engine announced them', () => {
    const other: Step = { op: 'create', urn: 'urn:pulumi:gcp-dev::trireme::a:b:C::first', type: 'a:b:C' };
    const plan = planOf('gcp-dev', [update('x@1'), other]);
    expect(plan.changes.map((change) => change.name)).toEqual(['first', 'service']);
    expect(plan.changes[1]?.paths).toEqual(['template.containers[0].envs[0].value', 'template.containers[0].image']);
    expect(planOf('gcp-dev', [other, update('x@1')])).toEqual(plan);
  });
});

describe('the fingerprint of a plan', () => {
  const fingerprint = (steps: Step[], stack = 'gcp-dev') => planOf(stack, steps).fingerprint;
  const secret = (ciphertext: string) => ({
    '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
    ciphertext,
  });
  const reference = fingerprint([update('x@1')]);

  test.each<{ what: string; steps: Step[] }>([
    { what: 'the same steps again', steps: [update('x@1')] },
    { what: "the stack's own step besides", steps: [stackStep, update('x@1')] },
    { what: 'an unchanged resource besides', steps: [update('x@1'), { op: 'same', urn: 'urn:a::b::c::d', type: 'c' }] },
    { what: 'another value at a path that does not change', steps: [withInput(update('x@1'), 'location', 'us-east1')] },
  ])('stays with $what', ({ steps }) => {
    expect(fingerprint(steps)).toBe(reference);
  });

  test.each<{ what: string; steps: Step[]; stack?: string }>([
    { what: 'another digest', steps: [update('x@2')] },
    { what: 'another variable', steps: [update('x@1', { LOG_LEVEL: 'debug' })] },
    {
      what: 'another path',
      steps: [{ ...update('x@1'), paths: ['template.containers[0].image', 'template.maxInstances'] }],
    },
    { what: 'another operation', steps: [{ ...update('x@1'), op: 'replace' }] },
    { what: 'a second resource', steps: [update('x@1'), { op: 'delete', urn: 'urn:a::b::c::d', type: 'c' }] },
    { what: 'another stack', steps: [update('x@1')], stack: 'gcp-prod' },
    { what: 'nothing to change', steps: [] },
  ])('differs with $what', ({ steps, stack }) => {
    expect(fingerprint(steps, stack)).not.toBe(reference);
  });

  test('covers every input of a new resource, and of a change that the provider could not itemise', () => {
    for (const op of ['create', 'update']) {
      const step = (count: number): Step => ({ op, urn, type, inputs: { scaling: { max: count } } });
      expect(fingerprint([step(2)])).not.toBe(fingerprint([step(3)]));
    }
  });

  test('holds no secret: the same path with another ciphertext is the same plan', () => {
    const step = (ciphertext: string): Step => ({
      op: 'update',
      urn,
      type,
      inputs: { key: secret(ciphertext) },
      paths: ['key'],
    });
    expect(fingerprint([step('a')])).toBe(fingerprint([step('b')]));
  });

  test('follows a path with quotes and dots', () => {
    const step = (value: string): Step => ({
      op: 'update',
      urn,
      type,
      inputs: { tags: { 'team.name': value } },
      paths: ['tags["team.name"]'],
    });
    expect(fingerprint([step('a')])).not.toBe(fingerprint([step('b')]));
  });
});

test('a step is read from the event that announces it', () => {
  const metadata = {
    op: 'update' as const,
    urn,
    type,
    provider: '',
    new: { type, urn, id: '', parent: '', provider: '', inputs: { a: 1 }, outputs: {} },
    diffs: ['template'],
    detailedDiff: { 'template.containers[0].image': { diffKind: 'update', inputDiff: false } },
  };
  const event = { sequence: 1, timestamp: 1, resourcePreEvent: { metadata } };
  expect(stepOf(event as unknown as Parameters<typeof stepOf>[0])).toEqual({
    op: 'update',
    urn,
    type,
    inputs: { a: 1 },
    paths: ['template.containers[0].image'],
  });
  expect(stepOf({ sequence: 1, timestamp: 1 })).toBeUndefined();
});

function withInput(step: Step, key: string, value: unknown): Step {
  return { ...step, inputs: { ...step.inputs, [key]: value } };
}
