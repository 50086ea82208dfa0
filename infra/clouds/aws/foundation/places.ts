// Which accounts an AWS foundation reaches into, and what each of them is for. Pure.
import type { FoundationConfig } from '../../../contract/service.ts';
import { type Environment, environments } from '../../../contract/stack.ts';

export interface Place {
  /** `undefined`: whichever is logged in to, and nothing in it needs to know which. */
  readonly account: string | undefined;
  /** The account of the registry and the state, which the foundation is brought up from. */
  readonly home: boolean;
  /** Whose services run here. */
  readonly environments: readonly Environment[];
}

/** Home first; it is there also when no service runs in it. */
export function placesOf(accounts: FoundationConfig['accounts'], home: string | undefined): readonly Place[] {
  const accountOf = (environment: Environment) => accounts[environment] ?? home;
  const others = [...new Set(environments.map(accountOf))].filter((account) => account !== home);
  return [home, ...others].map((account) => ({
    account,
    home: account === home,
    environments: environments.filter((environment) => accountOf(environment) === account),
  }));
}

/** What the names of a place's resources end with in the program: nothing at home, where names are those of old. */
export function suffixOf({ home, environments: served }: Place): string {
  return home ? '' : `-${served.join('-')}`;
}

/**
 * Made by AWS Organizations in every member account, and assumed by people of the account that manages them. An account that
 * was invited instead has it only once somebody made it.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html
 */
export function entryRole(account: string): string {
  return `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`;
}
