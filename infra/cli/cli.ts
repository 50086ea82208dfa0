// What every verb is given, and how it ends.
import { Command } from 'commander';
import type { DeliveryErrorCode } from '../contract/errors.ts';
import type { CliEnvironment } from './environment.ts';
import type { Output } from './output.ts';

/** How a verb ended: a sentence, the next command, and the document for `--json`. */
export interface Ending {
  /** `undefined`: done. */
  readonly code?: DeliveryErrorCode | undefined;
  readonly sentence: string;
  /** What a person would do next: a command. */
  readonly next?: string | undefined;
  /** Absent where the verb itself wrote it to a file. */
  readonly json?: Readonly<Record<string, unknown>>;
}

export interface Cli {
  readonly environment: CliEnvironment;
  readonly output: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Is there a person who could answer? */
  readonly interactive: boolean;
  end(ending: Ending): void;
}

/** A verb: its words, options and what it does. Each module under `verbs/` exports one. */
export type Verb = (cli: Cli) => Command;

/** Every verb has `--json`. */
export function verb(name: string, description: string): Command {
  return new Command(name).description(description).option('--json', 'one JSON document on stdout');
}
