import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../training/problem.ts';

const minimal = `
schema: trireme.problem/1
name: wine
task: classification
data: data/wine.csv
label: cultivar
acceptance: { accuracy: 0.9 }
`;

function parse(text: string) {
  return parseProblem(text, '/team/problem.yaml');
}

describe('the problem file', () => {
  it('needs six lines; everything else has a default', () => {
    expect(parse(minimal)).toMatchObject({
      seed: 1,
      heldOut: 0.2,
      ignore: [],
      settings: [],
      network: { layers: [32, 16] },
    });
  });

  it('names its data relative to itself', () => {
    expect(parse(minimal).data).toBe('/team/data/wine.csv');
  });

  it('says by what a comparison is cut, and what mistakes cost', () => {
    expect(parse(minimal)).toMatchObject({ slices: [], cost: {} });
    const { slices, cost } = parse(`${minimal}slices: [alcohol, { column: hue, bins: 2 }]\ncost: { 1: { 2: 3 } }`);
    expect(slices).toEqual([
      { column: 'alcohol', bins: 4 },
      { column: 'hue', bins: 2 },
    ]);
    expect(cost).toEqual({ 1: { 2: 3 } });
  });

  it('may set a part of the network', () => {
    expect(parse(`${minimal}network: { epochs: 3 }`).network).toMatchObject({ epochs: 3, layers: [32, 16] });
  });

  it.each([
    ['name: ../x', 'name'],
    ['task: ranking', 'task'],
    ['data: 7', 'data'],
    ['label: ""', 'label'],
    ['seed: -1', 'seed'],
    ['seed: 1.5', 'seed'],
    ['heldOut: 0.9', 'heldOut'],
    ['ignore: id', 'ignore'],
    ['units: { alcohol: 3 }', 'units'],
    ['acceptance: { accuracy: 90 }', 'acceptance'],
    ['acceptance: { r2: 0.5 }', 'acceptance'],
    ['network: [3]', 'network'],
    ['network: { layers: [0] }', 'network.layers'],
    ['network: { width: 3 }', 'network.width'],
    ['network: { epochs: 0 }', 'network.epochs'],
    ['network: { learningRate: 2 }', 'network.learningRate'],
    ['settings: [{ name: token, why: x }]', 'settings[0].name'],
    ['settings: [TOKEN]', 'settings[0].name'],
    ['labels: cultivar', 'labels'],
    ['slices: alcohol', 'slices'],
    ['slices: [3]', 'slices[0]'],
    ['slices: [{ column: alcohol, bins: 1 }]', 'slices[0].bins'],
    ['slices: [{ column: alcohol, edges: [1] }]', 'slices[0].edges'],
    ['cost: { 1: 3 }', 'cost'],
    ['cost: { 1: { 2: much } }', 'cost'],
  ])('is refused with `%s`, and the fault names %s', (line, place) => {
    const key = line.split(':')[0];
    const others = minimal.split('\n').filter((one) => !one.startsWith(`${key}:`));
    expect(() => parse([...others, line].join('\n'))).toThrow(
      expect.objectContaining({ code: 'problem-invalid', message: expect.stringContaining(`${place}:`) }),
    );
  });

  it('has all its faults reported together', () => {
    expect(() => parse('schema: trireme.problem/1\nname: X\nseed: x')).toThrow(
      /name:.*task:.*data:.*label:.*seed:.*acceptance:/,
    );
  });

  it('is refused when it is of another version, no YAML or no mapping', () => {
    expect(() => parse('schema: trireme.problem/2')).toThrow(expect.objectContaining({ code: 'schema-unknown' }));
    expect(() => parse('a: [')).toThrow(expect.objectContaining({ code: 'problem-invalid' }));
    expect(() => parse('- a')).toThrow(expect.objectContaining({ code: 'problem-invalid' }));
  });
});
