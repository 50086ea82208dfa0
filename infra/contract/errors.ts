// Every way a command can end other than well. The set is closed: `infra/cli` maps each code to one exit code.

export const deliveryErrorCodes = [
  // the caller's words
  'usage',
  'unknown-stack',
  'unknown-release',
  'config-invalid',
  // a document that can't be believed
  'document-invalid',
  'schema-unknown',
  'digest-mismatch',
  'ledger-corrupt',
  // refused by a rule
  'refused',
  // a person has to act
  'approval-needed',
  // the service is bad
  'failed',
  'failed-and-rolled-back',
  // could not tell
  'errored',
  'stack-locked',
  'cloud-unreachable',
  'interrupted',
  // this machine
  'cli-missing',
  'git-missing',
  'state-unwritable',
  'port-taken',
  'emulator-missing',
] as const;
export type DeliveryErrorCode = (typeof deliveryErrorCodes)[number];

/** An error meant for the person at the keyboard: it prints without a stack. Anything else that is thrown is a bug. */
export class DeliveryError extends Error {
  readonly code: DeliveryErrorCode;
  /** What to do next: one sentence or one command. */
  readonly hint: string | undefined;

  constructor(code: DeliveryErrorCode, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DeliveryError';
    this.code = code;
    this.hint = options.hint;
  }
}
