// Takes the release manager's decision: a question on a terminal, a name given beforehand everywhere else.
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryError } from '../contract/errors.ts';
import type { FactOf } from '../contract/fact.ts';
import { isSamePerson } from '../delivery/approval.ts';
import { author } from './checkout.ts';
import type { Display } from './display.ts';

/** @returns the approver's name. @throws DeliveryError `approval-needed` when it is declined or nobody answers. */
export type AskApproval = (promotion: FactOf<'promotion'>, signal: AbortSignal) => Promise<string>;

export interface ApprovalOptions {
  readonly interactive: boolean;
  /** Approves without being asked; where `ask` is set, only off a terminal. */
  readonly approveAs?: string | undefined;
  readonly ask: boolean;
  readonly display: Display;
}

/** @throws DeliveryError `approval-needed` at once when nobody could ever answer. */
export function approvals({ interactive, approveAs, ask, display }: ApprovalOptions): AskApproval {
  if (interactive && (ask || approveAs === undefined))
    return (promotion, signal) => question(promotion, signal, display, approveAs);
  if (approveAs !== undefined) return async () => approveAs;
  throw new DeliveryError('approval-needed', 'the rehearsal needs someone to approve; found no terminal to ask on', {
    hint: 'npx trireme rehearse --approve-as NAME',
  });
}

const answerLimitMinutes = 10;

async function question(
  promotion: FactOf<'promotion'>,
  signal: AbortSignal,
  display: Display,
  suggested = 'rita',
): Promise<string> {
  display.pause();
  await forgetTypedAhead();
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads, a terminal hands Ctrl-C to readline instead of the process.
  terminal.on('SIGINT', () => {
    process.stderr.write('\n');
    process.kill(process.pid, 'SIGINT');
  });
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerLimitMinutes * 60_000)]);
    process.stderr.write(`    You are the release manager: Enter for ${suggested}, another name, or no.\n`);
    for (;;) {
      const answer = (
        await terminal.question(`    Approve ${promotion.release} for ${promotion.environment}? `, { signal: limit })
      ).trim();
      if (/^(n|no)$/i.test(answer)) break;
      if (!isSamePerson(answer, writer)) return answer === '' ? suggested : answer;
      process.stderr.write(`    ${author.name} wrote it and can't approve it.\n`);
    }
  } catch (error) {
    if (signal.aborted) throw new DeliveryError('interrupted', 'interrupted', { cause: error });
  } finally {
    terminal.close();
    display.resume();
  }
  throw new DeliveryError('approval-needed', `${promotion.body.promotion} was not approved; nothing was touched`, {
    hint: 'run the rehearsal again when you are ready: npm run rehearse',
  });
}

const writer = `${author.name} <${author.email}>`;

const typedAheadMs = 50;

/** An Enter pressed while something else was on the screen approves nothing. */
async function forgetTypedAhead(): Promise<void> {
  const forget = () => {};
  process.stdin.on('data', forget).resume();
  await sleep(typedAheadMs);
  process.stdin.off('data', forget).pause();
}
