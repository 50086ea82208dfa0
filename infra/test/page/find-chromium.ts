// Where the browser of this machine is, for tests that need a real one.
import { accessSync, constants } from 'node:fs';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** @throws Error that says what is missing and how to get it. */
export function findChromium(named = process.env.CHROMIUM, known: readonly string[] = places): string {
  const found = (named === undefined ? known : [named]).find(isProgram);
  if (found !== undefined) return found;
  const looked = named === undefined ? known.join(', ') : `CHROMIUM=${named}`;
  throw new Error(
    `expected Chromium, which the browser tests need; found none at ${looked}. Debian and Ubuntu: apt-get install chromium. Elsewhere: set CHROMIUM to its program`,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
