// What a rehearsal leaves behind: one document for programs, one table for people. Pure.

import { releaseIdOf } from '../contract/release.ts';
import type { Environment } from '../contract/stack.ts';
import type { StatusTable } from '../delivery/status.ts';
import type { StepRecord } from './steps.ts';
import type { Told } from './story.ts';

export const reportSchema = 'trireme.rehearsal/1';

export interface RehearsalReport {
  readonly schema: typeof reportSchema;
  readonly ok: boolean;
  readonly seconds: number;
  /** How many times faster than real platforms the emulated ones waited. */
  readonly timeScale: number;
  readonly requests: { readonly sent: number; readonly lost: number };
  readonly steps: readonly StepRecord[];
  readonly releases: readonly {
    readonly name: string;
    readonly release: string;
    readonly imageDigest: string;
    readonly commit: string;
  }[];
  readonly stacks: readonly {
    readonly stack: string;
    readonly runs: string | null;
    readonly endpoint: string | null;
  }[];
  readonly approvals: Told['approvals'];
}

export function reportOf(
  { releases, approvals, traffic }: Told,
  steps: readonly StepRecord[],
  status: StatusTable,
  run: { readonly ok: boolean; readonly seconds: number; readonly timeScale: number },
): RehearsalReport {
  return {
    schema: reportSchema,
    ...run,
    requests: {
      sent: traffic.reduce((sum, count) => sum + count.sent, 0),
      lost: traffic.reduce((sum, count) => sum + count.lost, 0),
    },
    steps,
    releases: releases.map((manifest, index) => ({
      name: `R${index + 1}`,
      release: releaseIdOf(manifest),
      imageDigest: manifest.image.digest,
      commit: manifest.source.commit,
    })),
    stacks: status.environments.flatMap(({ stacks }) =>
      stacks.map(({ stack, runs, endpoint }) => ({ stack, runs, endpoint })),
    ),
    approvals,
  };
}

/** Release × stack, oldest release first: verified, approved by, took. */
export function closingRows({ releases }: Told, status: StatusTable): string[][] {
  const head = ['release', 'stack', 'state', 'verified', 'approved by', 'took'];
  const rows = releases.flatMap((manifest, index) => {
    const release = releaseIdOf(manifest);
    const cells = status.releases.find((row) => row.release === release)?.cells ?? [];
    return cells.map((cell) => [
      `R${index + 1} ${release}`,
      cell.stack,
      cell.live ? `${cell.state}, live` : cell.state,
      cell.verified ?? '-',
      isGated(cell.stack) ? (cell.approvedBy ?? '-') : 'not needed',
      cell.seconds === null ? '-' : `${cell.seconds.toFixed(1)} s`,
    ]);
  });
  return [head, ...rows];
}

function isGated(stack: string): boolean {
  const gated: Environment = 'prod';
  return stack.endsWith(`-${gated}`);
}
