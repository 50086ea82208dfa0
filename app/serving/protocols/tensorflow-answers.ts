// Says predictions, status and signature as TensorFlow Serving's REST API does.
// https://www.tensorflow.org/tfx/serving/api_rest
import type { PredictionRow } from '../../model/prediction.ts';
import type { Model } from '../../model/schema.ts';
import type { Predictor } from '../predictor.ts';
import type { Element } from './datatypes.ts';
import { type OutputTensor, outputTensorsOf } from './output-tensors.ts';
import { signature } from './tensorflow-requests.ts';

type Rows = readonly PredictionRow[];

/** One value a row when the model has one output, an object by name otherwise. */
export function predictions(model: Model, rows: Rows): object {
  const columns = outputTensorsOf(model).map((tensor) => ({ name: tensor.name, values: valuesOf(tensor, rows) }));
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return { predictions: only.values };
  return {
    predictions: rows.map((_, row) => Object.fromEntries(columns.map(({ name, values }) => [name, values[row]]))),
  };
}

export function outputs(model: Model, rows: Rows): object {
  const tensors = outputTensorsOf(model);
  const [only] = tensors;
  if (tensors.length === 1 && only !== undefined) return { outputs: valuesOf(only, rows) };
  return { outputs: Object.fromEntries(tensors.map((tensor) => [tensor.name, valuesOf(tensor, rows)])) };
}

/** For each record its classes with their scores, in the model's order. The server's code says `results`; its documentation `result`. */
export function classifications(model: Model, rows: Rows): object {
  const classes = model.task === 'classification' ? model.classes : [];
  const pairs = classes.map(({ label, slug }) => ({ label: String(label), field: `p_${slug}` }));
  return { results: rows.map((row) => pairs.map(({ label, field }) => [label, row[field]])) };
}

export function regressions(rows: Rows): object {
  return { results: rows.map(({ value }) => value) };
}

/** TensorFlow Serving's status, and beside it what KServe asks of the same address. @param versions of one model, at least one. */
export function status(versions: readonly Predictor[], isReady: boolean): object {
  return {
    name: versions[0]?.model.name,
    ready: isReady,
    model_version_status: versions.map(({ version }) => ({
      version,
      state: isReady ? 'AVAILABLE' : 'UNLOADING',
      status: { error_code: 'OK', error_message: '' },
    })),
  };
}

export function metadata({ model, version }: Predictor): object {
  const inputs = model.inputs.map(({ name, kind }) => [name, info(name, kind === 'numeric' ? 'FP64' : 'BYTES', 1)]);
  const outputs = outputTensorsOf(model).map(({ name, datatype, width }) => [name, info(name, datatype, width)]);
  return {
    model_spec: { name: model.name, signature_name: '', version },
    metadata: {
      signature_def: {
        signature_def: {
          [signature]: {
            inputs: Object.fromEntries(inputs),
            outputs: Object.fromEntries(outputs),
            method_name: 'tensorflow/serving/predict',
          },
        },
      },
    },
  };
}

const tensorflowTypes: Readonly<Record<string, string>> = {
  BOOL: 'DT_BOOL',
  BYTES: 'DT_STRING',
  FP32: 'DT_FLOAT',
  FP64: 'DT_DOUBLE',
  INT64: 'DT_INT64',
};

/** Sizes are strings: 64-bit numbers of a protocol buffer in JSON. */
function info(name: string, datatype: string, width: number): object {
  const sizes = width === 1 ? ['-1'] : ['-1', String(width)];
  return {
    dtype: tensorflowTypes[datatype],
    tensor_shape: { dim: sizes.map((size) => ({ size, name: '' })), unknown_rank: false },
    name: `${name}:0`,
  };
}

function valuesOf(tensor: OutputTensor, rows: Rows): readonly (Element | readonly Element[])[] {
  const elements = tensor.elements(rows);
  if (tensor.width === 1) return elements;
  return rows.map((_, row) => elements.slice(row * tensor.width, (row + 1) * tensor.width));
}
