import { expect, test } from 'vitest';
import { createDisplay, folded } from '../../rehearsal/display.ts';

function screen(isTTY: boolean) {
  const written: string[] = [];
  return { written, write: (text: string) => void written.push(text), isTTY, columns: 80, colour: false };
}

test('off a terminal a step leaves one plain line with outcome, seconds and name', () => {
  const plain = screen(false);
  const display = createDisplay(plain, () => 0);
  display.begin('train R1');
  display.say('epoch 3');
  display.end('passed', 1.25);
  display.close();
  expect(plain.written.join('')).toBe('  passed    1.3 s  train R1\n');
});

test('a step that failed says why on the next line', () => {
  const plain = screen(false);
  const display = createDisplay(plain, () => 0);
  display.begin('verify');
  display.end('failed', 2, 'identity: expected a; found b');
  display.close();
  expect(plain.written.join('')).toContain('failed    2.0 s  verify\n            identity: expected a; found b\n');
});

test('on a terminal the living line is cut to the width and cleared for a question', () => {
  const terminal = screen(true);
  const display = createDisplay(terminal, () => 0);
  display.begin('deploy');
  display.say('x'.repeat(200));
  display.pause();
  display.close();
  for (const text of terminal.written) expect(text.replace('\r\u001b[2K', '').length).toBeLessThan(80);
  expect(terminal.written.at(-1)).toBe('\r\u001b[2K');
});

test.each([
  ['a line that fits stays', '  passed    1.3 s  train R1', 30, '  passed    1.3 s  train R1'],
  [
    'text goes on below its column',
    'gcp-dev  readiness, parity passed',
    24,
    'gcp-dev  readiness,\n         parity passed',
  ],
  ['a reason keeps its indent', '    expected one; found two', 20, '    expected one;\n    found two'],
  ['a word that is too long stays whole', 'see sha256:0123456789', 10, 'see\nsha256:0123456789'],
  ['colour takes no room', '  \u001b[32mpassed\u001b[39m  one two', 17, '  \u001b[32mpassed\u001b[39m  one two'],
])('%s when lines are folded', (_, text, columns, expected) => {
  expect(folded(text, columns)).toBe(expected);
});

test('a terminal gets folded notes, a file whole ones', () => {
  const note = 'control-plane, identity, readiness, golden-predictions, parity passed'.padStart(90, 'x');
  for (const isTTY of [true, false]) {
    const one = screen(isTTY);
    const display = createDisplay(one, () => 0);
    display.note(`${note} ${note}`);
    display.close();
    expect(one.written.join('').trimEnd().split('\n').length > 1).toBe(isTTY);
  }
});
