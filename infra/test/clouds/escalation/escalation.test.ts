import { beforeAll, describe, expect, it } from 'vitest';
import { type Cloud, clouds } from '../../../contract/stack.ts';
import { accounts } from '../../../emulator/world.ts';
import { installationMilliseconds } from '../../pulumi/tiny-deployer.ts';
import { type Made, madeFoundations } from '../made-foundations.ts';
import { awsMay } from './aws-judge.ts';
import { awsRows } from './aws-rows.ts';
import { azureMay } from './azure-judge.ts';
import { azureRows } from './azure-rows.ts';
import { gcpMay } from './gcp-judge.ts';
import { gcpRows } from './gcp-rows.ts';
import { wrongRows } from './row.ts';
import { widenings } from './widenings.ts';

type Layout = 'shared' | 'apart';

const homes: Readonly<Record<Cloud, string>> = {
  aws: accounts.aws.accountId,
  gcp: accounts.gcp.project,
  azure: accounts.azure.subscriptionId,
};
const own: Readonly<Record<Cloud, string>> = {
  aws: '210987654321',
  gcp: 'trireme-production',
  azure: accounts.azure.otherSubscriptionId,
};

let made: Readonly<Record<Layout, readonly Made[]>>;
beforeAll(async () => {
  const [shared, apart] = await Promise.all([
    madeFoundations(),
    madeFoundations({ aws: { prod: own.aws }, gcp: { prod: own.gcp }, azure: { prod: own.azure } }),
  ]);
  made = { shared, apart };
}, installationMilliseconds);

type Table = (made: readonly Made[], prod: string, layout: Layout) => readonly string[];
const tables: Readonly<Record<Cloud, Table>> = {
  aws: (made, prod, layout) => wrongRows(awsRows, awsMay, { made, prod, layout }),
  gcp: (made, prod, layout) => wrongRows(gcpRows, gcpMay, { made, prod, layout }),
  azure: (made, prod, layout) => wrongRows(azureRows, azureMay, { made, prod, layout }),
};

const layouts = [
  ['shared', homes],
  ['apart', own],
] as const;

describe.each(layouts)('who may become whom, and touch what is whose: %s', (layout, prod) => {
  it.each(clouds)('%s', (cloud) => {
    expect(tables[cloud](made[layout], prod[cloud], layout)).toEqual([]);
  });
});

describe('a widening is found', () => {
  const planted = clouds.flatMap((cloud) => widenings[cloud].map(([what, widen]) => [cloud, what, widen] as const));
  it.each(planted)('%s: %s', (cloud, _what, widen) => {
    expect(tables[cloud](widen(made.shared), homes[cloud], 'shared')).not.toEqual([]);
  });
});

it('the tables ask what matters', () => {
  for (const rows of [awsRows, gcpRows, azureRows]) {
    expect(rows.filter(({ shared }) => !shared).length).toBeGreaterThanOrEqual(15);
    // A judge that refuses everything would find nothing wrong with those.
    expect(rows.filter(({ shared, apart }) => shared && apart).length).toBeGreaterThanOrEqual(5);
  }
});
