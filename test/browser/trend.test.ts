import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Trend } from '../../shared/report/compare/trend.ts';
import { renderTrendHtml } from '../../shared/report/render/html/trend.ts';
import { exampleTrend } from '../support/example-trend.ts';
import { hasChromium, launch } from './chromium.ts';
import { lowContrast } from './contrast.ts';

const LONG = 'a-run-with-a-very-long-name-'.repeat(4);

describe.skipIf(!hasChromium)('trend.html in a browser', () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rewound-trend-'));
    browser = await launch();
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(trend: Trend, width: number, scheme: 'light' | 'dark' = 'light') {
    const file = join(folder, 'trend.html');
    await writeFile(file, renderTrendHtml(trend));
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
    const trouble: string[] = [];
    page.on('console', (message) => trouble.push(message.text()));
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) trouble.push(`request: ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    return { page, trouble };
  }

  test.each([
    ['by number', exampleTrend()],
    ['by order', exampleTrend([LONG, '<b>', 'c', 'd', 'e', 'f', 'g'])],
  ])('%s: quiet, styled, and no wider than a telephone or a desk', async (_, trend) => {
    for (const width of [360, 768, 1280]) {
      const { page, trouble } = await open(trend, width);
      expect(await page.evaluate('document.documentElement.scrollWidth'), `at ${width} px`).toBeLessThanOrEqual(width);
      expect(await page.evaluate("getComputedStyle(document.querySelector('.whisker')).strokeWidth")).toBe('2px');
      expect(trouble).toEqual([]);
      await page.close();
    }
  });

  test.each([360, 1280])('at %i px the labels of an axis keep apart', async (width) => {
    const { page } = await open(exampleTrend(), width);
    const overlaps = `[...document.querySelectorAll('svg.chart')].flatMap((chart) => {
      const boxes = [...chart.querySelectorAll('text[text-anchor=middle]')].map((text) => text.getBoundingClientRect());
      return boxes.slice(1).filter((box, i) => box.left < boxes[i].right + 4).map(({ left }) => left);
    })`;
    expect(await page.evaluate(overlaps)).toEqual([]);
    await page.close();
  });

  test.each(['light', 'dark'] as const)('%s: all text reaches the contrast of WCAG AA', async (scheme) => {
    const { page } = await open(exampleTrend(), 1280, scheme);
    expect(await lowContrast(page)).toEqual([]);
    await page.close();
  });
});
