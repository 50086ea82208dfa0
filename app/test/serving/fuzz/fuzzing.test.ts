// Short forms of `npm run soak`'s fuzzing, and proof that it finds what it looks for.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../serving/log.ts';
import { type Service, startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import { wineArtifact } from '../../wine.ts';
import { faultOf, fuzz } from './fuzzing.ts';
import { Oracle } from './oracle.ts';

const maxRows = 30;
let wine: Awaited<ReturnType<typeof wineArtifact>>;
let example: Record<string, number>;
let service: Service;
const errors: string[] = [];

beforeAll(async () => {
  wine = await wineArtifact();
  example = JSON.parse(String(wine.contents['golden.json'])).cases[0].input;
  const settings = readSettings({
    PORT: '0',
    HOST: '127.0.0.1',
    MAX_ROWS: String(maxRows),
    MAX_EVENT_LOOP_DELAY_MS: '0',
  });
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  service = await startService(
    settings,
    identity,
    async () => [wine],
    createLog('error', (line) => errors.push(line)),
  );
  await service.started;
});
afterAll(() => service.stop({ grace: false }));

const fuzzWith = (oracle: Oracle, bodies: number, seed: number) =>
  fuzz({ port: service.port, model: 'wine', oracle, example, maxRows, seed, goesOn: (sent) => sent < bodies });

describe('fuzzing', () => {
  it('finds every answer as the oracle says, nothing accepted that is wrong, nothing lost, no fault in the log', async () => {
    const prototype = Reflect.ownKeys(Object.prototype);
    const { sent, valid, faults } = await fuzzWith(new Oracle(wine.directory, maxRows), 3000, 1);
    expect(faults).toEqual([]);
    expect(sent).toBe(3000);
    expect(valid / sent).toBeGreaterThan(0.3);
    expect(valid / sent).toBeLessThan(0.9);
    expect(errors).toEqual([]);
    expect(Reflect.ownKeys(Object.prototype)).toEqual(prototype);
  });

  it('finds a model that answers a little differently: the control', async () => {
    const { faults } = await fuzzWith(new Oracle(wine.directory, maxRows, 0.01), 1000, 2);
    expect(faults.length).toBeGreaterThanOrEqual(20);
  });
});

describe('an answer is found wrong', () => {
  const row = { label: 1, confidence: 0.7, p_1: 0.7, p_2: 0.3 };
  const verdict = [{ probabilities: [0.7, 0.3], labels: [1] }];
  const said = (more: object, rows = 1) => ({
    status: 200,
    body: JSON.stringify({ predictions: Array(rows).fill({ ...row, ...more }) }),
  });
  const slugs = ['1', '2'];
  const fault = (given: Parameters<typeof faultOf>[1], answer: Parameters<typeof faultOf>[2]) =>
    faultOf('predict', given, answer, slugs);

  it('not when it is right', () => {
    expect(fault(verdict, said({}))).toBeUndefined();
    expect(fault('refused', { status: 400, body: '' })).toBeUndefined();
    expect(fault('too many', { status: 413, body: '' })).toBeUndefined();
    expect(fault('either', { status: 400, body: '' })).toBeUndefined();
    expect(fault('either', said({}))).toBeUndefined();
  });

  it.each([
    ['a wrong record is accepted', 'refused' as const, said({})],
    ['a wrong record is our fault', 'refused' as const, { status: 500, body: '{}' }],
    ['too many are accepted', 'too many' as const, said({})],
    ['a right record is refused', verdict, { status: 400, body: '{}' }],
    ['a connection is cut', verdict, { status: 0, body: '' }],
    ['another probability', verdict, said({ p_2: 0.3001 })],
    ['another label', verdict, said({ label: 2 })],
    ['another confidence', verdict, said({ confidence: 0.8 })],
    ['one row too many', verdict, said({}, 2)],
    ['a number that is none', verdict, said({ p_1: null })],
    ['far out, a number that is none', 'either' as const, said({ p_1: null })],
    ['what is no JSON', verdict, { status: 200, body: '{' }],
  ])('%s', (_, given, answer) => expect(fault(given, answer)).toMatch(/^expected/));
});
