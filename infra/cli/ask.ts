// A question to the person at the terminal.
import { createInterface } from 'node:readline/promises';

/** @returns the answer without its blanks; `''` when the input ends. @throws when the signal is aborted. */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads, a terminal hands Ctrl-C to readline instead of the process.
  prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const ended = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
  try {
    return (await Promise.race([prompt.question(question, { signal }), ended])).trim();
  } finally {
    prompt.close();
  }
}
