import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readArtifact, withSums, writeArtifact } from '../../model/artifact.ts';
import { fingerprintOf, readTrainingRows, trainingRowsFile, trainingRowsOf } from '../../model/training-rows.ts';
import { readDataset } from '../../training/dataset.ts';
import { temporaryFolder, wineArtifact, wineProblem } from '../wine.ts';

const columns = [
  { column: 'x', kind: 'numeric' },
  { column: 'y', kind: 'label' },
  { column: 'colour', kind: 'categorical' },
] as const;

async function stored(bytes: Uint8Array) {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, trainingRowsFile), bytes);
  return readTrainingRows(folder);
}

describe('the rows a model was trained on', () => {
  it('are known again from their cells, in whatever order and however their numbers were written', async () => {
    const rows = [
      { record: { x: 12, colour: 'red' }, label: 1 },
      { record: { x: 0.5 }, label: 2 },
    ];
    const bytes = trainingRowsOf(columns, rows);
    expect(trainingRowsOf(columns, rows.toReversed())).toEqual(bytes);
    const seen = await stored(bytes);
    expect(seen?.size).toBe(2);
    expect(seen?.has(fingerprintOf([String(Number('12.0')), '1', 'red']))).toBe(true);
    expect(seen?.has(fingerprintOf(['0.5', '2', '']))).toBe(true);
    expect(seen?.has(fingerprintOf(['0.5', '1', '']))).toBe(false);
    expect(seen?.has(fingerprintOf(['0.52', '', '']))).toBe(false);
  });

  it('leave exactly the held-out rows of the data', async () => {
    const { directory, model } = await wineArtifact();
    const seen = await readTrainingRows(directory);
    const { rows, columns: all } = await readDataset(await wineProblem());
    const heldOut = rows.filter(({ record, label }) => {
      const cells = all.map(({ column, kind }) => String(kind === 'label' ? label : record[column]));
      return !seen?.has(fingerprintOf(cells));
    });
    expect(heldOut).toHaveLength(model.metrics.heldOutRows);
  });

  it('are part of the artifact where training wrote them, and may be absent', async () => {
    const { contents, directory, digest } = await wineArtifact();
    const { [trainingRowsFile]: _, ...without } = contents;
    const imported = await writeArtifact(await temporaryFolder(), without, {});
    expect(imported.digest).not.toBe(digest);
    expect(await readArtifact(imported.directory, imported.digest)).toMatchObject({ digest: imported.digest });
    expect(await readTrainingRows(imported.directory)).toBeUndefined();
    expect(withSums(contents).has(trainingRowsFile)).toBe(true);
    await rm(path.join(directory, trainingRowsFile));
    await expect(readArtifact(directory)).rejects.toMatchObject({ code: 'artifact-damaged' });
  });

  it('are refused when the file was cut', async () => {
    await expect(stored(Buffer.alloc(7))).rejects.toMatchObject({ code: 'artifact-damaged' });
  });
});
