// Every way the application says no to a person. The set is closed: `serving/http/failure.ts` maps codes to statuses, `cli` to exit codes.

export const appErrorCodes = [
  // a request
  'body-malformed',
  'input-invalid',
  'rows-too-many',
  'body-too-large',
  'media-type-unsupported',
  'not-found',
  'model-unknown',
  'method-not-allowed',
  'headers-too-large',
  'request-timeout',
  'expectation-failed',
  'unauthorized',
  'forbidden',
  'rate-limited',
  'overloaded',
  'deadline-exceeded',
  'not-ready',
  'internal',
  // a document or a folder that can't be believed
  'schema-unknown',
  'document-invalid',
  'artifact-incomplete',
  'artifact-damaged',
  'digest-mismatch',
  'golden-mismatch',
  'network-unsupported',
  'engine-missing',
  // this environment
  'settings-invalid',
  'setting-missing',
  'port-taken',
  'workers-failing',
  'store-unwritable',
  // training
  'problem-invalid',
  'data-invalid',
  'acceptance-failed',
  // the caller's words
  'usage',
] as const;
export type AppErrorCode = (typeof appErrorCodes)[number];

/** An error for a person: what was expected, what was found, what to do. It prints without a stack; anything else thrown is a bug. */
export class AppError extends Error {
  readonly code: AppErrorCode;

  constructor(code: AppErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
  }
}
