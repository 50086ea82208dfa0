// The accounts of all clouds, without their provers and resources: who only asks where a login leads loads no more.
import type { Cloud } from '../contract/stack.ts';
import type { AccountWords, CloudAccount } from './account.ts';
import { awsAccount, awsWords } from './aws/account.ts';
import { azureAccount, azureWords } from './azure/account.ts';
import { gcpAccount, gcpWords } from './gcp/account.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export const accountWords: Readonly<Record<Cloud, AccountWords>> = { aws: awsWords, gcp: gcpWords, azure: azureWords };

export function cloudAccounts(variables: Variables): Readonly<Record<Cloud, CloudAccount>> {
  return { aws: awsAccount(variables), gcp: gcpAccount(variables), azure: azureAccount(variables) };
}
