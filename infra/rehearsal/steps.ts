// Runs the story's steps one after another and remembers of each what came out and how long it took.
import { DeliveryError, type DeliveryErrorCode } from '../contract/errors.ts';
import type { Outcome } from '../contract/verification.ts';
import type { Display } from './display.ts';

export interface StepRecord {
  readonly name: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** Why it did not pass, in one line. */
  readonly reason?: string;
}

/** Raised by a step that did not pass; the story ends there. Its step is recorded already. */
export class StepStopped extends Error {
  readonly step: StepRecord;
  constructor(step: StepRecord, cause: unknown) {
    super(step.reason ?? step.name, { cause });
    this.name = 'StepStopped';
    this.step = step;
  }
}

export interface Steps {
  readonly records: readonly StepRecord[];
  /** `run` gets a function that says what is going on right now; what it returns is handed on. */
  run<T>(name: string, run: (say: (message: string) => void) => Promise<T>): Promise<T>;
}

export function createSteps(display: Display, now: () => number): Steps {
  const records: StepRecord[] = [];
  return {
    records,
    async run(name, run) {
      const started = now();
      const seconds = () => (now() - started) / 1000;
      display.begin(name);
      try {
        const result = await run((message) => display.say(message));
        records.push({ name, outcome: 'passed', seconds: seconds() });
        display.end('passed', seconds());
        return result;
      } catch (error) {
        const record: StepRecord = {
          name,
          outcome: outcomeOfError(error),
          seconds: seconds(),
          reason: error instanceof Error ? error.message : String(error),
        };
        records.push(record);
        display.end(record.outcome, record.seconds, record.reason);
        throw new StepStopped(record, error);
      }
    },
  };
}

/** What could not be told is `errored`; everything else that stops the story is a thing that was seen to be wrong. */
const couldNotTell: ReadonlySet<DeliveryErrorCode> = new Set([
  'errored',
  'stack-locked',
  'cloud-unreachable',
  'interrupted',
  'cli-missing',
  'git-missing',
  'state-unwritable',
  'port-taken',
  'emulator-missing',
]);

export function outcomeOfError(error: unknown): Outcome {
  return error instanceof DeliveryError && !couldNotTell.has(error.code) ? 'failed' : 'errored';
}

/** @throws DeliveryError `failed`: something was observed, and it is not what the story needs. */
export function expectObserved(observed: boolean, expected: string, found: string): void {
  if (!observed) throw new DeliveryError('failed', `expected ${expected}; found ${found}`);
}
