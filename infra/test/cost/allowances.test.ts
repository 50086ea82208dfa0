import { expect, test } from 'vitest';
import { givenForNothing } from '../../cost/allowances.ts';
import type { CostLine } from '../../cost/lines.ts';

function line(price: string, quantity: number, unitPrice: number, free?: number): CostLine {
  const given = free === undefined ? {} : { free };
  return {
    what: price,
    price,
    quantity,
    unit: 'GiB',
    unitPrice,
    monthly: quantity * unitPrice,
    page: 'https://vendor.example',
    confirmed: true,
    ...given,
  };
}

test.each([
  ['nothing is given', [['one', line('logs', 10, 2)]], 0],
  ['less is used than is given', [['one', line('logs', 10, 2, 50)]], 20],
  ['more is used: only what is given comes off', [['one', line('logs', 100, 2, 50)]], 100],
  [
    'two stacks of one account share it',
    [
      ['one', line('logs', 40, 2, 50)],
      ['one', line('logs', 60, 2, 50)],
    ],
    100,
  ],
  [
    'two accounts have it each',
    [
      ['one', line('logs', 40, 2, 50)],
      ['two', line('logs', 60, 2, 50)],
    ],
    180,
  ],
  [
    'each price has its own',
    [
      ['one', line('logs', 10, 2, 5)],
      ['one', line('work', 10, 1, 4)],
    ],
    14,
  ],
  [
    'of dear and cheap regions alike',
    [
      ['one', line('logs', 10, 1, 10)],
      ['one', line('logs', 10, 3, 10)],
    ],
    20,
  ],
] as const)('%s', (_, lines, expected) => {
  const given = givenForNothing(lines.map(([account, one]) => ({ account, lines: [one] })));
  expect(given).toBeCloseTo(expected, 10);
});
