// `trireme serve` as a developer has it: a model that is trained again is served without a failed request, a broken one is not.
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { lockSchema } from '../../model/lock.ts';
import { linearArtifact } from '../linear.ts';
import { runService, settled } from '../serving/process.ts';
import { root, temporaryFolder } from '../wine.ts';

it('a changed lock changes the model and fails no request; what cannot be believed changes nothing', async () => {
  const cwd = await temporaryFolder();
  const store = path.join(cwd, '.trireme/models');
  const [first, second, third] = [
    await linearArtifact('line', 1, 0, { store }),
    await linearArtifact('line', 2, 0, { store }),
    await linearArtifact('line', 3, 0, { store }),
  ];
  /** As training does: in one step. */
  const lock = async (digest: string) => {
    const file = path.join(cwd, 'model.lock.json');
    await writeFile(
      `${file}.partial`,
      JSON.stringify({ schema: lockSchema, models: [{ name: 'line', digest, url: null }] }),
    );
    await rename(`${file}.partial`, file);
  };
  await lock(first.digest);
  const service = await runService(cwd, { PATH: String(process.env.PATH) }, [
    path.join(root, 'app/cli/main.ts'),
    'serve',
  ]);
  expect((await settled(service)).status).toBe(200);

  const answers: string[] = [];
  let isOver = false;
  const client = async (index: number) => {
    // One way in is the quick one, the other the ordinary one.
    const place = index % 2 === 0 ? '/predict' : '/predict/line';
    const headers = { 'content-type': 'application/json' };
    while (!isOver) {
      const answer = await fetch(`${service.url}${place}`, { method: 'POST', headers, body: '{"x":1}' }).catch(
        () => undefined,
      );
      const body = (await answer?.json().catch(() => undefined)) as
        | { model: { digest: string }; predictions: { value: number }[] }
        | undefined;
      answers.push(
        answer?.status === 200 ? `${body?.model.digest} ${body?.predictions[0]?.value}` : `failed: ${answer?.status}`,
      );
    }
  };
  const clients = [0, 1, 2, 3].map(client);
  const saying = (word: string) => service.lines.filter(({ message }) => message.startsWith(word)).length;
  const answered = (digest: string) => expect.poll(() => answers.at(-1), { timeout: 10_000 }).toContain(digest);

  await lock(second.digest);
  await answered(second.digest);

  await writeFile(path.join(third.directory, 'weights.bin'), Buffer.alloc(8));
  await lock(third.digest);
  await expect.poll(() => saying('models not loaded anew'), { timeout: 10_000 }).toBe(1);
  await lock(`sha256:${'0'.repeat(64)}`);
  await expect.poll(() => saying('models not loaded anew'), { timeout: 10_000 }).toBe(2);
  await answered(second.digest);

  await lock(first.digest);
  await answered(first.digest);
  isOver = true;
  await Promise.all(clients);
  const told = new Set(answers);
  expect(told).toEqual(new Set([`${first.digest} 1`, `${second.digest} 2`]));
  expect(saying('models loaded anew')).toBe(2);
  expect(service.lines.find(({ code }) => code === 'artifact-damaged')?.reason).toMatch(/weights\.bin/);
});
