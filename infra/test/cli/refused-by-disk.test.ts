import { expect, test } from 'vitest';
import { refusedByDisk } from '../../cli/refused-by-disk.ts';

const systemError = (code: string, syscall: string) =>
  Object.assign(new Error(`${code}: no, ${syscall}`), { code, syscall });

test.each([
  ['ENOSPC', 'write'],
  ['EDQUOT', 'write'],
  ['EACCES', 'open'],
  ['EROFS', 'mkdir'],
  ['ENOTDIR', 'lstat'],
])('%s in %s is a disk that refuses', (code, syscall) => {
  expect(refusedByDisk(systemError(code, syscall))).toMatchObject({
    code: 'state-unwritable',
    message: expect.stringContaining(code),
    hint: expect.stringContaining('free some space'),
  });
});

test.each([
  ['EACCES', 'listen'],
  ['EACCES', 'spawn git'],
  ['EPERM', 'kill'],
  ['ENOENT', 'open'],
])('%s in %s is something else', (code, syscall) => {
  expect(refusedByDisk(systemError(code, syscall))).toBeUndefined();
});

test('an error without a system call is something else', () => {
  expect(refusedByDisk(new TypeError('a bug'))).toBeUndefined();
  expect(refusedByDisk('a word')).toBeUndefined();
});
