// JSON Schemas of what one model takes and answers in every protocol, for the OpenAPI document.
import type { Model, ModelInput } from '../../model/schema.ts';
import { numericDatatypes } from '../protocols/datatypes.ts';
import { outputTensorsOf } from '../protocols/output-tensors.ts';
import { signature } from '../protocols/tensorflow-requests.ts';

export type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const wholeNumber: Schema = { type: 'integer', minimum: 0 };

export function object(properties: Record<string, Schema>, required = Object.keys(properties)): Schema {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** A named-feature record, as `/predict` takes it. */
export function recordSchema({ inputs }: Model): Schema {
  return fieldsSchema(inputs, valueSchema);
}

export function recordsSchema(record: Schema, maxRows: number): Schema {
  const list = { type: 'array', items: record, minItems: 1, maxItems: maxRows };
  return { anyOf: [record, list, object({ instances: list })] };
}

/** A row of `/predict`'s answer. */
export function rowSchema(model: Model): Schema {
  const predictionId = { type: 'string', format: 'uuid' };
  if (model.task === 'regression') return object({ predictionId, value: { type: 'number' } });
  const probability = { type: 'number', minimum: 0, maximum: 1 };
  return object({
    predictionId,
    label: { enum: model.classes.map(({ label }) => label) },
    confidence: probability,
    ...Object.fromEntries(model.classes.map(({ slug }) => [`p_${slug}`, probability])),
  });
}

/** The body of `infer`. That the tensors agree in their rows is checked, and can't be said here. */
export function inferSchema(model: Model, maxRows: number): Schema {
  const tensors = model.inputs.map((input) => {
    const value = valueSchema(input);
    return {
      type: 'object',
      properties: {
        name: { const: input.name },
        datatype: { enum: input.kind === 'numeric' ? numericDatatypes : ['BYTES'] },
        shape: {
          type: 'array',
          prefixItems: [{ ...wholeNumber, maximum: maxRows }, { const: 1 }],
          items: false,
          minItems: 1,
        },
        data: {
          anyOf: [
            { type: 'array', items: value },
            { type: 'array', items: single(value) },
          ],
        },
        parameters: { type: 'object', properties: { binary_data_size: wholeNumber } },
      },
      required: ['name', 'datatype', 'shape'],
    };
  });
  const names = outputTensorsOf(model).map(({ name }) => name);
  return {
    type: 'object',
    properties: {
      id: text,
      parameters: {
        type: 'object',
        description: 'timeout: microseconds after which no answer is wanted; priority has no effect',
        properties: { timeout: wholeNumber, priority: wholeNumber, binary_data_output: { type: 'boolean' } },
      },
      inputs: { type: 'array', items: { anyOf: tensors }, minItems: 1, maxItems: model.inputs.length },
      outputs: {
        type: 'array',
        maxItems: names.length,
        items: {
          type: 'object',
          properties: {
            name: { enum: names },
            parameters: {
              type: 'object',
              properties: { binary_data: { type: 'boolean' }, classification: wholeNumber },
            },
          },
          required: ['name'],
        },
      },
    },
    required: ['inputs'],
  };
}

export function inferAnswerSchema(model: Model): Schema {
  const tensor = object(
    {
      name: { enum: outputTensorsOf(model).map(({ name }) => name) },
      datatype: text,
      shape: { type: 'array', items: wholeNumber, minItems: 2, maxItems: 2 },
      data: { type: 'array' },
      parameters: { type: 'object' },
    },
    ['name', 'datatype', 'shape'],
  );
  return object(
    { model_name: { const: model.name }, model_version: text, id: text, outputs: { type: 'array', items: tensor } },
    ['model_name', 'model_version', 'outputs'],
  );
}

/** TensorFlow Serving's `:predict`. */
export function rowsOrColumnsSchema(model: Model, maxRows: number): Schema {
  const columns = fieldsSchema(model.inputs, (input) => ({
    type: 'array',
    items: looseSchema(input),
    minItems: 1,
    maxItems: maxRows,
  }));
  return { oneOf: [rowsSchema(model, maxRows), signedSchema({ inputs: columns })] };
}

/** Rows alone: KServe's `:explain`. */
export function rowsSchema({ inputs }: Model, maxRows: number): Schema {
  const values = inputs.map(looseSchema);
  const inOrder = { type: 'array', prefixItems: values, items: false, minItems: inputs.length };
  const row = { anyOf: [fieldsSchema(inputs, looseSchema), inOrder, ...(inputs.length === 1 ? values : [])] };
  return signedSchema({ instances: { type: 'array', items: row, minItems: 1, maxItems: maxRows } });
}

/** Other fields are let through, as TensorFlow Serving does; `instances` and `inputs` together are not. */
function signedSchema(properties: Record<string, Schema>): Schema {
  return {
    type: 'object',
    properties: { signature_name: { enum: ['', signature] }, ...properties },
    required: Object.keys(properties),
  };
}

/** TensorFlow Serving's `:classify` and `:regress`. */
export function examplesSchema({ inputs }: Model, maxRows: number): Schema {
  return {
    type: 'object',
    properties: {
      signature_name: { enum: ['', signature] },
      context: { type: 'object', description: 'fields that all examples share' },
      // A field may be in the context instead.
      examples: {
        type: 'array',
        items: { ...fieldsSchema(inputs, looseSchema), required: [] },
        minItems: 1,
        maxItems: maxRows,
      },
    },
    required: ['examples'],
  };
}

function fieldsSchema(inputs: readonly ModelInput[], schemaOf: (input: ModelInput) => Schema): Schema {
  return object(
    Object.fromEntries(inputs.map((input) => [input.name, schemaOf(input)])),
    inputs.filter(({ missing }) => missing === 'refuse').map(({ name }) => name),
  );
}

function valueSchema(input: ModelInput): Schema {
  const about = input.unit === undefined ? {} : { description: `in ${input.unit}` };
  const orNull = input.missing === 'impute' ? [{ type: 'null' }] : [];
  const value =
    input.kind === 'categorical'
      ? { enum: input.categories }
      : {
          type: 'number',
          minimum: -largestTaken({ mean: -input.mean, std: input.std }),
          maximum: largestTaken(input),
        };
  return orNull.length === 0 ? { ...value, ...about } : { anyOf: [value, ...orNull], ...about };
}

/** The largest number that 32 bits hold both as it is and standardised, to the last bit; not the range the model learned. */
function largestTaken({ mean, std }: { readonly mean: number; readonly std: number }): number {
  const isTaken = (value: number) =>
    Number.isFinite(Math.fround(value)) && Number.isFinite(Math.fround((value - mean) / std));
  let [taken, refused] = [mean, 1e39];
  for (;;) {
    const middle = taken + (refused - taken) / 2;
    if (middle <= taken || middle >= refused) return taken;
    if (isTaken(middle)) taken = middle;
    else refused = middle;
  }
}

/** A value, or the same in brackets: a tensor with one element. */
function looseSchema(input: ModelInput): Schema {
  const value = valueSchema(input);
  return { anyOf: [value, single(value)] };
}

function single(value: Schema): Schema {
  return { type: 'array', items: value, minItems: 1, maxItems: 1 };
}
