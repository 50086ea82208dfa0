// One question of an escalation table: may this identity do that, where environments share an account and where each has its own?
import type { DeployIdentity } from '../../../contract/service.ts';
import type { Made } from './made.ts';

/** `container-dev`: whatever a role that dev's deployer made could hold at most. */
export type Actor = DeployIdentity | 'container-dev';

export interface Row<Ask> {
  readonly what: string;
  readonly by: Actor;
  /** @param prod the account, project or subscription that prod lives in */
  readonly ask: (prod: string) => Ask;
  /** What is intended: in one account for all, and with prod in its own. */
  readonly shared: boolean;
  readonly apart: boolean;
}

export type Judge<Ask> = (made: readonly Made[], by: Actor, ask: Ask) => boolean;

/** Nobody shall, however it is laid out. */
export function never<Ask>(by: Actor, what: string, ask: Row<Ask>['ask']): Row<Ask> {
  return { what, by, ask, shared: false, apart: false };
}

/** It is this identity's work. */
export function always<Ask>(by: Actor, what: string, ask: Row<Ask>['ask']): Row<Ask> {
  return { what, by, ask, shared: true, apart: true };
}

/** What one account for all can't keep apart, and the documentation says so. */
export function whereShared<Ask>(by: Actor, what: string, ask: Row<Ask>['ask']): Row<Ask> {
  return { what, by, ask, shared: true, apart: false };
}

/** Rows that come out otherwise than intended, in words. */
export function wrongRows<Ask>(
  rows: readonly Row<Ask>[],
  judge: Judge<Ask>,
  {
    made,
    prod,
    layout,
  }: { readonly made: readonly Made[]; readonly prod: string; readonly layout: 'shared' | 'apart' },
): readonly string[] {
  return rows.flatMap((row) => {
    const may = judge(made, row.by, row.ask(prod));
    return may === row[layout] ? [] : [`${row.by} ${may ? 'may' : "can't"} ${row.what}`];
  });
}
