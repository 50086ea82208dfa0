// What the updates that are asked for would take away, as far as this process has seen a preview of each.
import { digestOf } from '../contract/canonical.ts';
import type { DeploymentRequest } from '../contract/ports.ts';
import { releaseIdOf } from '../contract/release.ts';

/** One judgement for each update: another release, stage or setting takes away something else. */
export class Judged {
  readonly #lines = new Map<string, Map<string, readonly string[]>>();

  note(stack: string, request: DeploymentRequest, lines: readonly string[]): void {
    const known = this.#lines.get(stack) ?? new Map<string, readonly string[]>();
    this.#lines.set(stack, known.set(updateOf(request), lines));
  }

  /** @returns one line for each service; `undefined` where nobody has looked. */
  of(stack: string, request: DeploymentRequest): readonly string[] | undefined {
    return this.#lines.get(stack)?.get(updateOf(request));
  }

  /** It was done: whatever is asked for from here on starts from something else. */
  forget(stack: string): void {
    this.#lines.delete(stack);
  }
}

function updateOf(request: DeploymentRequest): string {
  const { manifest, stage, sharePercent, stackFile, liveStackFile, secretsAsOf, retry, readsBack } = request;
  const files = [stackFile, liveStackFile].map((text) => (text === undefined ? null : digestOf(text)));
  return JSON.stringify([releaseIdOf(manifest), stage, sharePercent, files, secretsAsOf, retry, readsBack]);
}
