import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../shared/report/model.ts';
import { renderHtml } from '../../shared/report/render/html.ts';
import { exampleReport, exampleReports } from '../support/example-report.ts';
import { hasChromium, launch } from './chromium.ts';
import { lowContrast } from './contrast.ts';
import { examplePictures } from './example-pictures.ts';

describe.skipIf(!hasChromium)('report.html in a browser', () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rewound-report-'));
    browser = await launch();
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a report from a file, as its reader would, and collects everything that should not happen. */
  async function open(report: Report, width = 1280, scheme: 'light' | 'dark' = 'light') {
    const file = join(folder, `${report.verdict}.html`);
    await writeFile(file, renderHtml(report, await examplePictures(report)));
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
    const trouble: string[] = [];
    page.on('console', (message) => trouble.push(message.text()));
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('dialog', (dialog) => {
      trouble.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) trouble.push(`request: ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    return { page, trouble };
  }

  test.each(exampleReports())('%s: quiet, styled, and no wider than a telephone or a desk', async (_, report) => {
    for (const width of [360, 768, 1280]) {
      const { page, trouble } = await open(report, width);
      await page.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true })");
      expect(await page.evaluate('document.documentElement.scrollWidth'), `at ${width} px`).toBeLessThanOrEqual(width);
      expect(await page.evaluate('getComputedStyle(document.body).marginTop'), 'the style sheet applies').toBe('0px');
      expect(trouble).toEqual([]);
      await page.close();
    }
  });

  test('every picture is there and shown', async () => {
    const { page } = await open(exampleReport());
    const broken = '[...document.images].filter((image) => !image.complete || image.naturalWidth === 0).length';
    expect(await page.evaluate('document.images.length')).toBe(2 * (1 + 24 + 8));
    expect(await page.evaluate(broken)).toBe(0);
    await page.close();
  });

  test('the verdict, its qualifier and the three numbers fit the first screen', async () => {
    const { page } = await open(exampleReport());
    for (const selector of ['h1', '.qualifier', '.lead', '.number.delta .big']) {
      const box = await page.locator(selector).boundingBox();
      expect(box!.y + box!.height, selector).toBeLessThanOrEqual(800);
    }
    await page.close();
  });

  test.each([
    ['LEAKAGE', 'light'],
    ['LEAKAGE', 'dark'],
    ['INVALID', 'light'],
    ['RESEMBLANCE_ONLY', 'dark'],
  ] as const)('%s, %s: all text reaches the contrast of WCAG AA', async (verdict, scheme) => {
    const { page } = await open(exampleReport(verdict), 1280, scheme);
    expect(await lowContrast(page)).toEqual([]);
    await page.close();
  });

  test('hostile names are shown as text', async () => {
    const report = exampleReport();
    const identity = '"><img src=x onerror=alert(1)><script>alert(1)</script>';
    const matches = report.matches.map((match) => ({ ...match, identity }));
    const identities = report.identities.map((person) => ({ ...person, identity }));
    const { page, trouble } = await open({ ...report, matches, identities }, 360);
    expect(await page.locator('.pair .who bdi').first().textContent()).toBe(identity);
    expect(await page.locator('script, img:not([src^="data:"])').count()).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(trouble).toEqual([]);
    await page.close();
  });

  test('on paper: light even on a dark screen, unfolded, and no pair cut in two', async () => {
    const { page } = await open(exampleReport(), 720, 'dark');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await ground(page)).toBe('#fdfdfc');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(720);
    const pairs = `[...document.querySelectorAll('.pair')].map((pair) => [getComputedStyle(pair).breakInside, pair.getBoundingClientRect().height > 60])`;
    expect(await page.evaluate(pairs)).toEqual(Array(32).fill(['avoid', true]));
    const pdf = await page.pdf({ format: 'A4' });
    const sheets = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    expect(sheets).toBeGreaterThan(2);
    expect(sheets).toBeLessThan(16);
    await page.close();
  });
});

/** The colour of the paper. */
async function ground(page: Page): Promise<unknown> {
  return page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()");
}
