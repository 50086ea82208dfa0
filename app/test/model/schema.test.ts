import { describe, expect, it } from 'vitest';
import { parseGolden } from '../../model/golden.ts';
import { modelSchema, parseModel } from '../../model/schema.ts';

const model = {
  schema: modelSchema,
  name: 'wine',
  task: 'classification',
  inputs: [{ name: 'a', kind: 'numeric', missing: 'refuse', range: [0, 1], mean: 0, std: 1 }],
  classes: [
    { label: 1, slug: '1' },
    { label: 2, slug: '2' },
  ],
  format: 'tfjs-layers',
  metrics: { heldOutRows: 1, estimates: {} },
  data: { digest: `sha256:${'0'.repeat(64)}`, rows: 1, schema: [] },
  settings: [{ name: 'TOKEN', why: 'to ask the price list' }],
};

describe('model.json', () => {
  it('is taken when it is well formed', () => {
    expect(parseModel(JSON.stringify(model))).toEqual(model);
  });

  it('tells an unknown version from a malformed document', () => {
    expect(() => parseModel(JSON.stringify({ ...model, schema: 'trireme.model/2' }))).toThrow(
      expect.objectContaining({ code: 'schema-unknown' }),
    );
    expect(() => parseModel('{')).toThrow(expect.objectContaining({ code: 'document-invalid' }));
    expect(() => parseModel('[]')).toThrow(expect.objectContaining({ code: 'document-invalid' }));
  });

  it.each([
    ['a name with a path in it', { name: '../x' }, 'name'],
    ['no inputs', { inputs: [] }, 'inputs'],
    ['an input twice', { inputs: [model.inputs[0], model.inputs[0]] }, 'used once'],
    ['a deviation of 0', { inputs: [{ ...model.inputs[0], std: 0 }] }, 'inputs[0].std'],
    [
      'a replacement of the wrong type',
      { inputs: [{ ...model.inputs[0], missing: 'impute', replacement: 'x' }] },
      'replacement',
    ],
    ['a slug twice', { classes: [model.classes[0], model.classes[0]] }, 'slug'],
    ['a slug that is none', { classes: [model.classes[0], { label: 2, slug: 'Two!' }] }, 'slug'],
    ['another format', { format: 'onnx' }, 'format'],
    ['another task', { task: 'ranking' }, 'task'],
    ['a setting without a reason', { settings: [{ name: 'TOKEN', why: '' }] }, 'settings[0].why'],
    ['no digest of the data', { data: {} }, 'data.digest'],
  ])('is refused with %s', (_name, change, place) => {
    expect(() => parseModel(JSON.stringify({ ...model, ...change }))).toThrow(
      expect.objectContaining({ code: 'document-invalid', message: expect.stringContaining(place) }),
    );
  });

  it('has all its faults reported together', () => {
    const faulty = JSON.stringify({ ...model, name: '', format: 'x', settings: {} });
    expect(() => parseModel(faulty)).toThrow(/name:.*format:.*settings:/);
  });
});

describe('golden.json', () => {
  it('is refused with fewer than 16 cases', () => {
    const golden = { schema: 'trireme.golden/1', tolerance: 1e-6, cases: Array(15).fill({ input: {}, output: {} }) };
    expect(() => parseGolden(JSON.stringify(golden))).toThrow(/at least 16, found 15/);
  });
});
