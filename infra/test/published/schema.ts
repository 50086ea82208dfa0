// The vendors' published models as judges of what is sent and what is answered, each vendor by its own habits.
import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import { z } from 'zod';

const schema = z.record(z.string(), z.unknown());
type Schema = z.infer<typeof schema>;

const operation = z.strictObject({
  method: z.string().optional(),
  /** A regular expression over the whole path. */
  path: z.string().optional(),
  query: z.record(z.string(), schema).optional(),
  request: schema.optional(),
  answer: schema.optional(),
  errors: z.array(z.string()).optional(),
});
export type Operation = z.infer<typeof operation>;

const model = z.strictObject({
  package: z.string(),
  version: z.string(),
  licence: z.string(),
  file: z.string(),
  sha256: z.string(),
  /** Parameters that every operation takes. */
  query: z.record(z.string(), schema).optional(),
  operations: z.record(z.string(), operation),
  definitions: z.record(z.string(), schema),
});

export const modelNames = [
  'aws-apprunner',
  'aws-cloudwatch',
  'aws-ec2',
  'aws-ecr',
  'aws-ecs',
  'aws-iam',
  'aws-logs',
  'aws-rds',
  'aws-route53',
  'aws-s3',
  'aws-scheduler',
  'aws-secretsmanager',
  'aws-sns',
  'gcp-artifactregistry',
  'gcp-dashboards',
  'gcp-iam',
  'gcp-logging',
  'gcp-monitoring',
  'gcp-run',
  'gcp-secretmanager',
  'gcp-sqladmin',
  'gcp-storage',
  'azure-authorization',
  'azure-containerregistry',
  'azure-monitor',
  'azure-msi',
  'azure-storage',
  'azure-web',
] as const;
export type ModelName = (typeof modelNames)[number];

export interface Published {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly anywhere: Readonly<Record<string, Schema>>;
  /** Every way in which it is not as published, each with its path; empty when it is. */
  requestFaults(operation: string, body: unknown): readonly string[];
  answerFaults(operation: string, body: unknown): readonly string[];
  queryFaults(operation: string, query: URLSearchParams): readonly string[];
}

const loaded = new Map<ModelName, Published>();

export function published(name: ModelName): Published {
  const found = loaded.get(name) ?? load(name);
  loaded.set(name, found);
  return found;
}

function load(name: ModelName): Published {
  const { operations, definitions: published, query: anywhere = {} } = modelOf(name);
  const corrected = corrections.filter(({ model }) => model === name).map(({ definition, is }) => [definition, is]);
  const definitions: Record<string, Schema> = { ...published, ...Object.fromEntries(corrected) };
  const requests = judge({ ...definitions, ...inPlace(operations, 'request') }, forRequests);
  const answers = judge({ ...definitions, ...inPlace(operations, 'answer') }, forAnswers(name));
  const queries = judge(
    Object.fromEntries(
      Object.entries(operations).map(([one, { query = {} }]) => [
        `${one} query`,
        { type: 'object', additionalProperties: false, properties: { ...anywhere, ...query } },
      ]),
    ),
    (one) => one,
    true,
  );
  const known = (one: string) => {
    const found = operations[one];
    if (found === undefined) throw new TypeError(`expected an operation of ${name}; found ${one}`);
    return found;
  };
  return {
    operations,
    anywhere,
    requestFaults: (one, body) => (known(one).request === undefined ? noBody(body) : requests(`${one} request`, body)),
    answerFaults: (one, body) => (known(one).answer === undefined ? [] : answers(`${one} answer`, body)),
    queryFaults: (one, query) =>
      queries(
        `${known(one) && one} query`,
        Object.fromEntries(
          [...new Set(query.keys())].map((key) => [
            key,
            manyOf(query, key, { ...anywhere, ...operations[one]?.query }),
          ]),
        ),
      ),
  };
}

/** Where a vendor's own page shows that its model is wrong about what it answers. */
const corrections: readonly {
  readonly model: ModelName;
  readonly definition: string;
  readonly source: string;
  readonly is: Schema;
}[] = [
  {
    model: 'aws-apprunner',
    definition: 'ServiceId',
    // The model wants hyphens; the example answer on the page of the API has 32 digits.
    source: 'https://docs.aws.amazon.com/apprunner/latest/api/API_DescribeService.html',
    is: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
];

export function modelOf(name: ModelName): z.infer<typeof model> {
  return model.parse(JSON.parse(readFileSync(new URL(`./models/${name}.json`, import.meta.url), 'utf8')));
}

/** Shapes that stand in an operation itself get names too. */
function inPlace(operations: Readonly<Record<string, Operation>>, part: 'request' | 'answer'): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(operations).flatMap(([one, found]): [string, Schema][] => {
      const shape = found[part];
      return shape === undefined ? [] : [[`${one} ${part}`, shape]];
    }),
  );
}

/** A parameter that may come several times is a list, also when it came once. */
function manyOf(query: URLSearchParams, key: string, known: Readonly<Record<string, Schema>>): unknown {
  return known[key]?.type === 'array' ? query.getAll(key) : query.get(key);
}

function noBody(body: unknown): readonly string[] {
  const empty = body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0);
  return empty ? [] : ['/ expected no body'];
}

type Change = (one: Schema) => Schema;

/** What only the vendor may set is not there to be sent: an unknown member. */
const forRequests: Change = (one) => {
  if (!isRecord(one.properties)) return one;
  const sent = Object.entries(one.properties).filter(
    ([, property]) => !(isRecord(property) && property.readOnly === true),
  );
  return { ...one, properties: Object.fromEntries(sent) };
};

/** Google leaves out what is false, zero or empty; Azure says null for what is not set. */
function forAnswers(name: ModelName): Change {
  if (name.startsWith('gcp')) return ({ required: _, ...rest }) => rest;
  if (!name.startsWith('azure')) return (one) => one;
  return (one) => {
    if (!isRecord(one.properties)) return one;
    const nullable = Object.entries(one.properties).map(([key, property]) => [
      key,
      { anyOf: [{ type: 'null' }, property] },
    ]);
    return { ...one, properties: Object.fromEntries(nullable) };
  };
}

/** Patterns written for Java: most escape more than JavaScript's Unicode mode allows, and `\p{L}` is a class in that mode only. */
const regExp = Object.assign((pattern: string) => new RegExp(pattern, pattern.includes('\\p{') ? 'u' : ''), {
  code: 'new RegExp',
});

function judge(definitions: Readonly<Record<string, Schema>>, change: Change, coerceTypes = false) {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    inlineRefs: false,
    verbose: true,
    coerceTypes,
    code: { regExp },
  });
  // CommonJS under Node's rules: the function is the namespace's default.
  (addFormatsModule as unknown as (one: Ajv) => void)(ajv);
  const changed = Object.entries(definitions).map(([key, one]) => [key, everywhere(one, change)]);
  ajv.addSchema({ $id: 'model', definitions: Object.fromEntries(changed) });
  const compiled = new Map<string, ValidateFunction>();
  return (definition: string, body: unknown): readonly string[] => {
    const pointer = `model#/definitions/${encodeURIComponent(definition.replaceAll('~', '~0').replaceAll('/', '~1'))}`;
    const validate = compiled.get(definition) ?? ajv.compile({ $ref: pointer });
    compiled.set(definition, validate);
    return validate(body) ? [] : [...new Set((validate.errors ?? []).filter(isNews).map(worded))];
  };
}

/** That it is no null either is no news, nor that one of several choices did not fit: each says so itself. */
function isNews({ keyword, schema: of, message }: ErrorObject): boolean {
  return keyword !== 'anyOf' && keyword !== 'if' && !(keyword === 'type' && of === 'null') && message !== undefined;
}

function worded({ instancePath, message, params, data }: ErrorObject): string {
  const extra = params.additionalProperty ?? params.allowedValues?.join('|') ?? '';
  const found = typeof data === 'object' ? '' : `; found ${JSON.stringify(data)}`;
  return `${instancePath || '/'} ${message}${extra === '' ? '' : ` (${extra})`}${found}`;
}

function everywhere(node: unknown, change: Change): unknown {
  if (Array.isArray(node)) return node.map((one) => everywhere(one, change));
  if (!isRecord(node)) return node;
  const { properties, ...rest } = node;
  const inside: Schema = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, everywhere(one, change)]));
  if (!isRecord(properties)) return change(inside);
  // Names of members are not keywords: a member may be called `properties` or `required`.
  const members = Object.entries(properties).map(([key, one]) => [key, everywhere(one, change)]);
  return change({ ...inside, properties: Object.fromEntries(members) });
}

function isRecord(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
