import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../../shared/error-codes.ts';
import { hostedServer } from '../support/service/hosted-server.ts';
import { hasChromium, launch } from './chromium.ts';
import { lowContrast } from './contrast.ts';

describe.skipIf(!hasChromium)('/v1/reference in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  async function open(width: number, scheme: 'light' | 'dark' = 'light') {
    const { origin } = await hostedServer();
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
    const trouble: string[] = [];
    page.on('console', (message) => trouble.push(message.text()));
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('request', (request) => {
      if (request.url() !== `${origin}/v1/reference` && !request.url().startsWith('data:')) trouble.push(request.url());
    });
    await page.goto(`${origin}/v1/reference`);
    return { page, trouble };
  }

  test.each([360, 768, 1280])('at %i px: quiet, styled, and no wider than the screen', async (width) => {
    const { page, trouble } = await open(width);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(await page.evaluate('getComputedStyle(document.body).marginTop')).toBe('0px');
    expect(await page.locator('script').count()).toBe(0);
    expect(trouble).toEqual([]);
    await page.close();
  });

  test('every link leads somewhere, and every name stands once', async () => {
    const { page } = await open(1280);
    const dead = `[...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute('href').slice(1)).filter((id) => !document.getElementById(id))`;
    expect(await page.evaluate(dead)).toEqual([]);
    const ids = `[...document.querySelectorAll('[id]')].map((element) => element.id)`;
    const found: string[] = await page.evaluate(ids);
    expect(new Set(found).size).toBe(found.length);
    for (const code of Object.keys(ERROR_CODES))
      expect(await page.locator('#errors th code', { hasText: code }).count()).toBeGreaterThan(0);
    await page.close();
  });

  test.each(['light', 'dark'] as const)('%s: all text reaches the contrast of WCAG AA', async (scheme) => {
    const { page } = await open(1280, scheme);
    expect(await lowContrast(page)).toEqual([]);
    await page.close();
  });
});
