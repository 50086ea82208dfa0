// The browser of this machine, started for a test.
import { type Browser, chromium } from 'playwright-core';
import { findChromium } from './find-chromium.ts';

/** Asks nothing of the network by itself; a profile of its own, gone with it. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
