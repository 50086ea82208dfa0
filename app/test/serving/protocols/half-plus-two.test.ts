// TensorFlow Serving's documented calls, to its documented models, sent as its documentation sends them.
// https://www.tensorflow.org/tfx/serving/api_rest#example · https://www.tensorflow.org/tfx/serving/docker
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../serving/log.ts';
import { type Service, startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import { linearArtifact } from '../../linear.ts';

let service: Service;
/** By model name. Ours is of a digest, where TensorFlow Serving's is a number. */
let versions: Record<string, string>;

beforeAll(async () => {
  const models = [await linearArtifact('half_plus_two', 0.5, 2), await linearArtifact('half_plus_three', 0.5, 3)];
  versions = Object.fromEntries(models.map(({ name, digest }) => [name, digest.slice(7, 19)]));
  const settings = readSettings({ PORT: '0', HOST: '127.0.0.1' });
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  service = await startService(
    settings,
    identity,
    async () => models,
    createLog('error', () => {}),
  );
  await service.started;
});
afterAll(() => service.stop({ grace: false }));

/** As `curl` does: with `-d` it posts, and calls the body a form. */
async function curl(path: string, data?: string) {
  const headers = data === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>();
  request({ port: service.port, method: data === undefined ? 'GET' : 'POST', path, headers }, resolve)
    .on('error', reject)
    .end(data);
  const answer = await promise;
  return { status: answer.statusCode, type: answer.headers['content-type'], body: await json(answer) };
}

describe.each([
  ['half_plus_two', [2.5, 3.0, 4.5]],
  ['half_plus_three', [3.5, 4.0, 5.5]],
])('%s', (name, [one, two, five]) => {
  const at = `/v1/models/${name}`;

  it('predicts', async () => {
    expect(await curl(`${at}:predict`, '{"instances": [1.0,2.0,5.0]}')).toEqual({
      status: 200,
      type: 'application/json',
      body: { predictions: [one, two, five] },
    });
  });

  it.each([
    ['{"instances": [[1.0],[2.0],[5.0]]}', 'predictions'],
    ['{"instances": [{"x": 1.0},{"x": 2.0},{"x": [5.0]}]}', 'predictions'],
    ['{"signature_name": "serving_default", "instances": [1.0,2.0,5.0]}', 'predictions'],
    ['{"inputs": [1.0,2.0,5.0]}', 'outputs'],
    ['{"inputs": {"x": [1.0,2.0,5.0]}}', 'outputs'],
    ['{"inputs": {"x": [[1.0],[2.0],[5.0]]}}', 'outputs'],
  ])('predicts, asked with %s', async (data, word) => {
    expect((await curl(`${at}:predict`, data)).body).toEqual({ [word]: [one, two, five] });
  });

  it('regresses', async () => {
    const data = '{"signature_name": "tensorflow/serving/regress", "examples": [{"x": 1.0}, {"x": 2.0}]}';
    expect((await curl(`${at}:regress`, data)).body).toEqual({ results: [one, two] });
    const shared = '{"context": {"x": 5.0}, "examples": [{}]}';
    expect((await curl(`${at}:regress`, shared)).body).toEqual({ results: [five] });
  });

  it('has a status, and beside it what KServe asks for', async () => {
    const status = { error_code: 'OK', error_message: '' };
    expect((await curl(at)).body).toEqual({
      name,
      ready: true,
      model_version_status: [{ version: versions[name], state: 'AVAILABLE', status }],
    });
    expect((await curl(`${at}/versions/${versions[name]}`)).body).toEqual((await curl(at)).body);
    expect((await curl(`${at}/labels/stable`)).body).toEqual((await curl(at)).body);
  });

  it('has a signature', async () => {
    const tensor = (dtype: string, word: string) => ({
      dtype,
      tensor_shape: { dim: [{ size: '-1', name: '' }], unknown_rank: false },
      name: `${word}:0`,
    });
    const serving_default = {
      inputs: { x: tensor('DT_DOUBLE', 'x') },
      outputs: { value: tensor('DT_DOUBLE', 'value') },
      method_name: 'tensorflow/serving/predict',
    };
    expect((await curl(`${at}/metadata`)).body).toEqual({
      model_spec: { name, signature_name: '', version: versions[name] },
      metadata: { signature_def: { signature_def: { serving_default } } },
    });
  });
});

describe('what is wrong', () => {
  it.each([
    ['half:predict', '{"instances": [1.0,5.0]}', 404, /^Servable not found for request: Latest\(half\)/],
    ['half', undefined, 404, /^Servable not found for request: Latest\(half\)/],
    ['half_plus_two/versions/123:predict', '{"instances": [1.0]}', 404, /Specific\(half_plus_two, 123\)/],
    ['half_plus_two/labels/canary:predict', '{"instances": [1.0]}', 404, /a label of half_plus_two/],
    ['half_plus_two:predict', '{"instances": [1.0,', 400, /JSON/],
    ['half_plus_two:predict', '{"instances": ["one"]}', 400, /`x`: expected a number/],
    ['half_plus_two:predict', '{"instances": [1.0], "inputs": [1.0]}', 400, /found both/],
    ['half_plus_two:predict', '{"instances": [NaN]}', 400, /JSON/],
    ['half_plus_two:predict', '{"signature_name": "other", "instances": [1.0]}', 400, /expected serving_default/],
    ['half_plus_two:classify', '{"examples": [{"x": 1.0}]}', 400, /for classification, found half_plus_two/],
  ])('is answered as an error: %s %s', async (place, data, status, message) => {
    const answer = await curl(`/v1/models/${place}`, data);
    expect(answer).toMatchObject({ status, type: 'application/json', body: { error: expect.stringMatching(message) } });
  });
});
