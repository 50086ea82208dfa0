import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PageServer, servePage } from '../../page/serve.ts';
import { startChromium } from './chromium.ts';
import { findChromium } from './find-chromium.ts';
import { nowMs, sampleFacts, sampleInput } from './sample-ledger.ts';

let browser: Browser;
let server: PageServer;
let facts = sampleFacts();
const release = facts.findLast((fact) => fact.kind === 'promotion')?.release;
const files = ['index.html', `${release}.html`, 'history.html', 'compare.html'];
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

beforeAll(async () => {
  server = await servePage({ facts: async () => facts, input: async (read) => sampleInput(read) }, 0, () => nowMs);
  browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens one page, lets `use` look at it, and gives back what the browser complained about and where it asked. */
async function visit(file: string, options: BrowserContextOptions, use: (page: Page) => Promise<void>) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url)) foreign.push(request.url());
  });
  await page.goto(server.url + file);
  await use(page);
  await context.close();
  return { complaints, foreign };
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** The debugger's own evaluation runs what the page's policy would not load; details are opened, so that what they hold is judged too. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate('document.querySelectorAll("details").forEach((one) => { one.open = true; })');
  await page.evaluate(axe);
  const found = await page.evaluate<Violation[]>(
    'axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => ({ html })) })))',
  );
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
}

describe.each(files)('%s', (file) => {
  it.each(['light', 'dark'] as const)('is accessible, and asks nothing of anybody else, in %s', async (colorScheme) => {
    const { complaints, foreign } = await visit(file, { colorScheme }, async (page) => {
      expect(await violations(page)).toEqual([]);
    });
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
  });

  it('is accessible and reflows at 320 px', async () => {
    await visit(file, { viewport: { width: 320, height: 640 } }, async (page) => {
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    });
  });

  it('says the same without a script', async () => {
    await visit(file, { javaScriptEnabled: false }, async (page) => {
      expect(await page.locator('main').innerText()).toMatch(/rel-42/);
      expect(await page.locator('button:visible').count()).toBe(0);
    });
  });
});

describe('by keyboard alone', () => {
  it('is read in order, every stop seen', async () => {
    await visit('index.html', {}, async (page) => {
      const stops: string[] = [];
      for (let press = 0; press < 12; press++) {
        await page.keyboard.press('Tab');
        const [name, outline] = await page.evaluate<[string, string]>(
          '[document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]',
        );
        expect(outline).toBe('solid');
        stops.push(name);
      }
      expect(stops).toEqual([
        'Skip to content',
        'trireme',
        'Overview',
        'History',
        'Compare',
        expect.stringMatching(/^rel-42-/),
        '3 stacks change: 3 updated, 1 replaced, 0 deleted',
        'Predictions of wine: 14 of 1,200 labels flip (1.2 %)',
        'Copy npx trireme approve prm-42a0c1d2e3',
        'Copy npx trireme promote --promotion prm-42a0c1d2e3',
        expect.stringMatching(/^rel-40-/),
        expect.stringMatching(/^rel-40/),
      ]);
    });
  });

  it('skips to the content, opens what would change, and copies the command', async () => {
    await visit('index.html', { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('content');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.locator('details[open]').first().innerText()).toContain('aws:apprunner/service:Service');
      await page.getByRole('button', { name: 'Copy npx trireme approve' }).focus();
      await page.keyboard.press('Enter');
      await page.getByText('Copied').waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('npx trireme approve prm-42a0c1d2e3');
    });
  });
});

describe('two releases', () => {
  it('are compared without a script', async () => {
    await visit('compare.html', { javaScriptEnabled: false }, async (page) => {
      const shown = () => page.locator('tbody th:visible').allInnerTexts();
      expect(await shown()).toHaveLength(8);
      await page.getByLabel('Mark rel-42').check();
      await page.getByLabel('Mark rel-38').check();
      await page.getByLabel('Show only the marked').check();
      expect((await shown()).map((name) => name.slice(0, 6))).toEqual(['rel-42', 'rel-38']);
    });
  });
});

describe('while it is open', () => {
  it('says how long ago things were, and that the ledger has moved on', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.clock.install({ time: nowMs });
    await page.goto(server.url);
    expect(await page.locator('.waiting time').first().getAttribute('data-ago')).toBe('30 minutes ago');
    await page.clock.runFor(20_000);
    expect(await page.locator('#stale').isVisible()).toBe(false);
    facts = sampleFacts('trouble');
    await page.clock.runFor(20_000);
    await page.locator('#stale').waitFor({ state: 'visible' });
    await page.reload();
    expect(await page.locator('main').innerText()).toContain('Nothing waits for an approval');
    facts = sampleFacts();
    await context.close();
  });
});

describe('a machine without a browser', () => {
  it('is told what is missing and how to get it', () => {
    expect(() => findChromium(undefined, ['/nowhere/chromium'])).toThrow(
      /found none at \/nowhere\/chromium.*apt-get install chromium/,
    );
    expect(() => findChromium('/nowhere/mine')).toThrow('CHROMIUM=/nowhere/mine');
  });
});
