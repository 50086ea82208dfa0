// One model's example as each protocol asks for it.
import type { Asked } from './server.ts';

type Row = Readonly<Record<string, unknown>>;
const json = { 'content-type': 'application/json' };
const asJson = (path: string, value: unknown): Asked => ({
  path,
  headers: json,
  body: Buffer.from(JSON.stringify(value)),
});

export const predictRequest = (row: Row, rows = 1): Asked =>
  asJson('/predict', rows === 1 ? row : Array(rows).fill(row));

/** Open Inference with a tensor for each field. */
export const inferRequest = (model: string, row: Row, rows = 1): Asked =>
  asJson(`/v2/models/${model}/infer`, {
    inputs: Object.entries(row).map(([name, value]) => ({
      name,
      datatype: 'FP32',
      shape: [rows, 1],
      data: Array(rows).fill(value),
    })),
  });

/** Open Inference with one matrix, as MLServer's scikit-learn runtime takes it: https://mlserver.readthedocs.io/en/latest/examples/sklearn/README.html */
export const matrixRequest = (model: string, row: Row): Asked =>
  asJson(`/v2/models/${model}/infer`, {
    inputs: [{ name: 'predict', datatype: 'FP32', shape: [1, Object.keys(row).length], data: Object.values(row) }],
    outputs: [{ name: 'predict_proba' }],
  });

/** Open Inference with binary tensors both ways: https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md */
export function binaryRequest(model: string, row: Row, rows: number): Asked {
  const tensors = Object.values(row).map((value) => Buffer.from(new Float32Array(rows).fill(Number(value)).buffer));
  const header = JSON.stringify({
    inputs: Object.keys(row).map((name) => ({
      name,
      datatype: 'FP32',
      shape: [rows, 1],
      parameters: { binary_data_size: 4 * rows },
    })),
    outputs: [{ name: 'probabilities', parameters: { binary_data: true } }],
  });
  return {
    path: `/v2/models/${model}/infer`,
    headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(header.length) },
    body: Buffer.concat([Buffer.from(header), ...tensors]),
  };
}
