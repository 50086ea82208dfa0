// The status table for people: releases down, stacks across, and what is unusual below it.
import type { StatusCell, StatusTable } from '../delivery/status.ts';
import { table } from './output.ts';

export function statusText({ environments, releases }: StatusTable): string {
  const stacks = environments.flatMap((one) => one.stacks.map(({ stack }) => stack));
  const rows = releases.map(({ release, cells }) => [
    release,
    ...stacks.map((stack) => cellText(cells.find((cell) => cell.stack === stack))),
  ]);
  const notes = environments.flatMap(({ environment, split, unknown, waiting, stale, stacks: own }) => [
    ...(split ? [`${environment} is split: its stacks run different releases`] : []),
    ...unknown.map((why) => `UNKNOWN: ${why}: npx trireme recover --environment ${environment}`),
    ...own.flatMap(({ stack, outsideLedger, runs }) =>
      outsideLedger === undefined
        ? []
        : [`${stack}: its outputs name ${outsideLedger}, the ledger ${runs}: something was done outside of trireme`],
    ),
    ...waiting.map((promotion) => `${environment}: promotion ${promotion} waits for an approval`),
    ...stale.map(
      ({ promotion, release, since }) =>
        `${environment}: promotion ${promotion} is stale since ${since}: prepare it again: npx trireme promote --release ${release}`,
    ),
  ]);
  const reasons = releases.flatMap(({ release, cells }) =>
    cells.flatMap(({ stack, reason }) => (reason === undefined ? [] : [`${release} on ${stack}: ${reason}`])),
  );
  return [table([['release', ...stacks], ...rows]), ...notes, ...reasons].join('\n');
}

/** `live, passed, by alice, 3.2 s`. */
function cellText(cell: StatusCell | undefined): string {
  if (cell === undefined) return '-';
  const { state, live, verified, approvedBy, seconds } = cell;
  return [
    live ? 'live' : state === 'healthy' ? 'was live' : state,
    ...(verified === null ? [] : [verified]),
    ...(approvedBy === null ? [] : [`by ${approvedBy}`]),
    ...(seconds === null ? [] : [`${seconds.toFixed(1)} s`]),
  ].join(', ');
}
