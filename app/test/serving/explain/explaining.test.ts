// How much is explained at a time, for whom, and what becomes of the rest.
import { describe, expect, it } from 'vitest';
import { compile } from '../../../engines/compiled.ts';
import { readArtifact } from '../../../model/artifact.ts';
import { Explaining } from '../../../serving/explain/explaining.ts';
import { Room } from '../../../serving/explain/room.ts';
import { createLog } from '../../../serving/log.ts';
import { createPredictor } from '../../../serving/predictor.ts';
import { startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import { linearArtifact } from '../../linear.ts';
import { wineArtifact } from '../../wine.ts';

describe('the room for explanations', () => {
  const never = () => new Promise<void>(() => {});

  it('takes what fits by its price, and one that is larger than itself when nobody is there', async () => {
    const room = new Room(10);
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = room.hold(100, () => promise);
    await expect(room.hold(1, never)).rejects.toMatchObject({ code: 'overloaded' });
    resolve();
    await first;
    void room.hold(6, never);
    void room.hold(4, never);
    await expect(room.hold(1, never)).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('has its place back from one that failed', async () => {
    const room = new Room(10);
    const failed = room.hold(10, () => Promise.reject(new Error('no')));
    await expect(failed).rejects.toThrow('no');
    expect(await room.hold(10, async () => 'in')).toBe('in');
  });

  it('does one piece after the other, in the order asked, whatever becomes of one', async () => {
    const room = new Room();
    const steps: string[] = [];
    const piece = (name: string, fails = false) =>
      room.turn(async () => {
        steps.push(`${name} begins`);
        await null;
        steps.push(`${name} ends`);
        if (fails) throw new Error(name);
      });
    const [one, two, three] = [piece('one'), piece('two', true), piece('three')];
    await expect(two).rejects.toThrow('two');
    await Promise.all([one, three]);
    expect(steps).toEqual(['one', 'two', 'three'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });
});

describe('explaining', () => {
  it('runs no more than 256 rows at once, and ends when it is too late or nobody waits', async () => {
    const wine = await readArtifact((await wineArtifact()).directory);
    const engine = compile(wine);
    const runs: number[] = [];
    const run: typeof engine.run = (inputs, rows) => {
      runs.push(rows);
      return engine.run(inputs, rows);
    };
    const predictor = createPredictor(wine, { ...engine, run });
    const records = [predictor.example];
    const rows = predictor.predict(records);
    const explain = (deadline: number, isGone: boolean) =>
      new Explaining().explain(predictor, records, rows, { deadline, isGone: () => isGone });
    runs.length = 0;
    expect((await explain(Number.POSITIVE_INFINITY, false)).explanations).toHaveLength(1);
    expect([Math.max(...runs), runs.reduce((sum, one) => sum + one, 0)]).toEqual([256, 8192]);
    runs.length = 0;
    await expect(explain(0, false)).rejects.toMatchObject({ code: 'deadline-exceeded' });
    await expect(explain(Number.POSITIVE_INFINITY, true)).rejects.toMatchObject({ code: 'deadline-exceeded' });
    expect(runs).toEqual([]);
  });
});

async function started(directory: string, environment: Record<string, string> = {}) {
  const settings = readSettings({ PORT: '0', HOST: '127.0.0.1', MAX_EVENT_LOOP_DELAY_MS: '0', ...environment });
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  const silent = createLog('error', () => {});
  const service = await startService(settings, identity, async () => [{ directory }], silent);
  await service.started;
  const url = `http://127.0.0.1:${service.port}`;
  const explain = async (name: string, instances: readonly unknown[]) => {
    const answer = await fetch(`${url}/v1/models/${name}:explain`, {
      method: 'POST',
      body: JSON.stringify({ instances }),
    });
    await answer.text();
    return { status: answer.status, headers: answer.headers };
  };
  return { service, url, explain };
}

describe('a service that is asked for explanations', () => {
  it('refuses what it has no room for with Retry-After, and counts no refusal as answered', async () => {
    const { service, url, explain } = await started((await wineArtifact()).directory);
    const records = Array(16).fill(service.life.models[0]?.example);
    const answers = await Promise.all(Array.from({ length: 8 }, () => explain('wine', records)));
    const refused = answers.filter(({ status }) => status === 503);
    const answered = answers.filter(({ status }) => status === 200);
    expect([refused.length > 0, answered.length > 0, refused.length + answered.length]).toEqual([true, true, 8]);
    for (const { headers } of refused) expect(headers.get('retry-after')).toBe('1');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const counted = (reason: string) =>
      Number(
        new RegExp(`^inference_requests_total\\{model="wine".*reason="${reason}"\\} (\\d+)$`, 'm').exec(metrics)?.[1],
      );
    expect([counted('none'), counted('overloaded')]).toEqual([answered.length, refused.length]);
    const { model_stats } = (await (await fetch(`${url}/v2/models/wine/stats`)).json()) as {
      model_stats: { inference_stats: Record<string, { count: number }> }[];
    };
    expect([model_stats[0]?.inference_stats.success?.count, model_stats[0]?.inference_stats.fail?.count]).toEqual([
      answered.length,
      refused.length,
    ]);
    await service.stop({ grace: false });
  });

  it('counts each record against the rate limit', async () => {
    const line = await linearArtifact('line', 0.5, 2);
    const { service, explain } = await started(line.directory, { RATE_LIMIT_PER_MINUTE: '20' });
    const left = ({ headers }: { headers: Headers }) => /r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1];
    const first = await explain('line', Array(16).fill(1));
    expect([first.status, left(first)]).toEqual([200, '4']);
    const second = await explain('line', Array(6).fill(1));
    expect([second.status, left(second)]).toEqual([429, '3']);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    const third = await explain('line', Array(3).fill(1));
    expect([third.status, left(third)]).toEqual([200, '0']);
    await service.stop({ grace: false });
  });
});
