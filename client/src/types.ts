// From the types that openapi-typescript makes of a service's document (`paths`) to what this client takes and gives.

/** Stands in where no document's types are given: right for every model, and knows no field. */
export interface AnyService {
  '/predict': {
    post: {
      requestBody: { content: { 'application/json': AnyRecord } };
      responses: {
        200: { content: { 'application/json': { model: ModelVersion; predictions: AnyRow[] } } };
      };
    };
  };
}

export interface AnyRecord {
  readonly [field: string]: string | number | boolean | null;
}

export interface AnyRow {
  readonly predictionId: string;
  readonly [field: string]: string | number | boolean;
}

export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

type BodyOf<Paths, Path> = Path extends keyof Paths
  ? Paths[Path] extends { post: { requestBody: { content: { 'application/json': infer Body } } } }
    ? Body
    : never
  : never;

type AnswerOf<Paths, Path> = Path extends keyof Paths
  ? Paths[Path] extends { post: { responses: { 200: { content: { 'application/json': infer Answer } } } } }
    ? Answer
    : never
  : never;

/** A record of a route that predicts; the document also lists the two forms that hold several. */
export type RecordOf<Paths, Path = '/predict'> = IfNone<
  Exclude<BodyOf<Paths, Path>, readonly unknown[] | { instances: unknown[] }>,
  AnyRecord
>;

/** A row of its answer. */
export type RowOf<Paths, Path = '/predict'> =
  AnswerOf<Paths, Path> extends { predictions: (infer Row)[] } ? IfNone<Row, AnyRow> : AnyRow;

type NameIn<Path> = Path extends `/v2/models/${infer Model}/infer`
  ? Model extends `${string}/${string}`
    ? never
    : Model
  : never;
type IfNone<Type, Other> = [Type] extends [never] ? Other : Type;
type InferPath<Model extends string> = `/v2/models/${Model}/infer`;

/** The models the document names. */
export type ModelOf<Paths> = IfNone<NameIn<keyof Paths>, string>;

export type InputNameOf<Paths, Model extends string> = IfNone<
  BodyOf<Paths, InferPath<Model>> extends { inputs: { name: infer Name extends string }[] } ? Name : never,
  string
>;

export type OutputNameOf<Paths, Model extends string> = IfNone<
  AnswerOf<Paths, InferPath<Model>> extends { outputs: { name: infer Name extends string }[] } ? Name : never,
  string
>;
