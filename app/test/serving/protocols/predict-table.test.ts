import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../engines/compiled.ts';
import { type Artifact, readArtifact } from '../../../model/artifact.ts';
import { outputsOf } from '../../../model/prediction.ts';
import { randomFrom } from '../../../model/random.ts';
import { createPredictor, type Predictor } from '../../../serving/predictor.ts';
import { outputTensorsOf } from '../../../serving/protocols/output-tensors.ts';
import { noteRows, predictTable } from '../../../serving/protocols/predict-table.ts';
import { recordsOf, type Table } from '../../../serving/protocols/tensors.ts';
import { wineArtifact } from '../../wine.ts';

const noDeadline = Number.POSITIVE_INFINITY;

describe('a table', () => {
  let artifact: Artifact;
  let predictor: Predictor;
  beforeAll(async () => {
    const { directory } = await wineArtifact();
    artifact = await readArtifact(directory);
    predictor = createPredictor(artifact, compile(artifact));
  });

  function tableOf(rows: number, seed: number): Table {
    const random = randomFrom(seed);
    const columns = artifact.model.inputs.map((input): [string, unknown[]] => {
      const [least, most] = input.kind === 'numeric' ? input.range : [0, 1];
      return [input.name, Array.from({ length: rows }, () => least + random() * (most - least))];
    });
    return { rows, columns: new Map(columns) };
  }

  it.each([1, 7, 256, 700])(
    'of %i rows is answered as its records are, with the same tensors and notes',
    async (rows) => {
      const table = tableOf(rows, rows);
      const answers = await predictTable(predictor.blocks, table, noDeadline);
      const expected = await predictor.predictInTurns(recordsOf(table));
      const outputs = outputsOf(artifact.model);
      expect(Array.from({ length: rows }, (_, row) => outputs.row(answers, row * outputs.width))).toEqual(expected);
      for (const tensor of outputTensorsOf(artifact.model))
        expect([...tensor.elementsOf(answers, rows)]).toEqual(tensor.elements(expected));
      const noted: unknown[] = [];
      noteRows((...one) => noted.push(one), answers, predictor);
      expect(noted).toEqual(expected.map(({ label, confidence }) => [label, confidence]));
    },
  );

  it.each<[string, unknown]>([
    ['a text', '1'],
    ['nothing', null],
    ['a number beyond 32 bits', 1e39],
  ])('with %s is refused in the words for records', async (_name, value) => {
    const table = tableOf(700, 3);
    (table.columns.get('ash') as unknown[])[600] = value;
    const said = (act: () => unknown) =>
      Promise.resolve()
        .then(act)
        .then(String, (error: Error) => error.message);
    const expected = await said(() => predictor.predict(recordsOf(table)));
    expect(expected).toContain('record 600');
    expect(await said(() => predictTable(predictor.blocks, table, noDeadline))).toBe(expected);
  });

  it('with an answer that is not finite is refused in the same words, and what only rounds to 32 bits is taken', async () => {
    let isBroken = false;
    const engine = compile(artifact);
    const run: typeof engine.run = (inputs, rows) => {
      const answers = engine.run(inputs, rows);
      if (isBroken) answers[5] = Number.NaN;
      return answers;
    };
    const breaking = createPredictor(artifact, { ...engine, run });
    const table = tableOf(3, 4);
    isBroken = true;
    expect(() => breaking.predict(recordsOf(table))).toThrow('record 1: expected inputs with a finite prediction');
    await expect(predictTable(breaking.blocks, table, noDeadline)).rejects.toThrow(
      'record 1: expected inputs with a finite prediction',
    );
    isBroken = false;
    (table.columns.get('proline') as unknown[])[1] = 3.4028235e38;
    const answers = await predictTable(breaking.blocks, table, noDeadline);
    expect(Number(answers[3])).toBe(breaking.predict(recordsOf(table))[1]?.p_1);
  });
});
