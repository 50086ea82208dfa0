// What the shell is told. The only place that knows exit codes.
import type { DeliveryErrorCode } from '../contract/errors.ts';

export const exitDone = 0;

export const exitCodes: Readonly<Record<DeliveryErrorCode, number>> = {
  usage: 2,
  'unknown-stack': 2,
  'unknown-release': 2,
  'config-invalid': 2,
  'document-invalid': 3,
  'schema-unknown': 3,
  'digest-mismatch': 3,
  'ledger-corrupt': 3,
  refused: 3,
  'approval-needed': 4,
  failed: 1,
  'failed-and-rolled-back': 5,
  errored: 6,
  'stack-locked': 6,
  'cloud-unreachable': 6,
  interrupted: 130,
  'cli-missing': 1,
  'git-missing': 1,
  'state-unwritable': 1,
  'port-taken': 1,
  'emulator-missing': 1,
};

/** A bug: nothing that a person did. */
export const exitBug = 1;
