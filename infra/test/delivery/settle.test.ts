import { expect, test } from 'vitest';
import { DeliveryError } from '../../contract/errors.ts';
import { settleAll } from '../../delivery/settle.ts';

test('what failed is thrown only when every sibling has ended', async () => {
  let ended = false;
  const slow = Promise.withResolvers<string>();
  const work = settleAll([Promise.reject(new DeliveryError('refused', 'no')), slow.promise]).finally(() => {
    expect(ended).toBe(true);
  });
  setImmediate(() => {
    ended = true;
    slow.resolve('done');
  });
  await expect(work).rejects.toThrow('no');
});

test('a bug goes before an error for people, and results keep their order', async () => {
  await expect(
    settleAll([Promise.reject(new DeliveryError('refused', 'no')), Promise.reject(new TypeError('bug'))]),
  ).rejects.toThrow('bug');
  expect(await settleAll([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
});
