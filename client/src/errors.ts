// Every way a call fails: the service said no, the time was up, or no endpoint answered. The set is closed.

/** Why one try brought no answer. */
export type FailureReason =
  /** No connection, or none that stayed until an answer began. */
  | 'unreachable'
  | 'timed-out'
  /** It ended in the middle of an answer. */
  | 'cut-off'
  /** 5xx, 429 or 408: from the service, or from the platform before it. */
  | 'unavailable'
  /** It said no, and another endpoint may not: its keys or its models are its own. */
  | 'refused'
  /** An answer that is not the service's, as platforms give for a service that is gone. */
  | 'not-the-service'
  /** A success that is not what was asked for. */
  | 'answer-malformed'
  /** Not asked: it said when to come back (`Retry-After`), and that is too late. */
  | 'paused';

export interface Failure {
  readonly endpoint: string;
  readonly reason: FailureReason;
  /** In words. */
  readonly message: string;
  readonly status?: number | undefined;
  /** The service's own code, of the set its OpenAPI document lists. */
  readonly code?: string | undefined;
}

/** The service said no: to ask again would bring the same. What may be one endpoint's own no, every endpoint that was asked said. */
export class RefusedError extends Error {
  readonly kind = 'refused';
  readonly endpoint: string;
  readonly status: number;
  /** Of the set the service's OpenAPI document lists, such as `input-invalid`. */
  readonly code: string;
  /** To find it in the service's log. */
  readonly requestId: string;

  constructor(message: string, about: { endpoint: string; status: number; code: string; requestId: string }) {
    super(message);
    this.name = 'RefusedError';
    this.endpoint = about.endpoint;
    this.status = about.status;
    this.code = about.code;
    this.requestId = about.requestId;
  }
}

/** The call's whole time was up. */
export class TimedOutError extends Error {
  readonly kind = 'timed-out';
  readonly requestId: string;
  readonly failures: readonly Failure[];

  constructor(timeoutMs: number, requestId: string, failures: readonly Failure[]) {
    super(`expected an answer within ${timeoutMs} ms, found none${listed(failures)}`);
    this.name = 'TimedOutError';
    this.requestId = requestId;
    this.failures = failures;
  }
}

/** Every try failed, and there is no point in another one now. */
export class ExhaustedError extends Error {
  readonly kind = 'exhausted';
  readonly requestId: string;
  readonly failures: readonly Failure[];

  constructor(requestId: string, failures: readonly Failure[]) {
    super(`expected an answer from one of the endpoints, found none${listed(failures)}`);
    this.name = 'ExhaustedError';
    this.requestId = requestId;
    this.failures = failures;
  }
}

/** The call itself can't be sent: a fault in the calling program. */
export class UsageError extends TypeError {
  readonly kind = 'usage';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** What a call is rejected with, unless its own signal was aborted: then with that signal's reason. */
export type ClientError = RefusedError | TimedOutError | ExhaustedError | UsageError;

/** For who asks further, or asked several. */
export function asFailure({ endpoint, message, status, code }: RefusedError): Failure {
  return { endpoint, reason: 'refused', message, status, code };
}

export function isClientError(error: unknown): error is ClientError {
  return (
    error instanceof RefusedError ||
    error instanceof TimedOutError ||
    error instanceof ExhaustedError ||
    error instanceof UsageError
  );
}

function listed(failures: readonly Failure[]): string {
  return failures.map(({ endpoint, reason, message }) => `; ${endpoint}: ${reason}: ${message}`).join('');
}
