/** The dashboard’s page of one audit. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { DashboardBrowser, drop, eventually, folders, holds, TEST_MS } from '../support/service/dashboard-browser.ts';
import { hasChromium } from './chromium.ts';

/** Few samples, in five pieces. */
const SAMPLES = 10_240;

describe.skipIf(!hasChromium)('the dashboard’s page of an audit', { timeout: TEST_MS }, () => {
  const dashboard = DashboardBrowser.ofThisFile();

  test('the dashboard makes an audit of dropped folders, shows it to its report, and erases it', async () => {
    const world = dashboard.serve();
    const { key } = await world.account();
    const folder = folders();
    const { page, trouble } = await dashboard.signedIn(key, '/audits/new');
    await drop(page, 'Members', join(folder, 'members'));
    await holds(page, '2 people, 2 photos');
    await drop(page, 'Controls', join(folder, 'controls'));
    await holds(page, '20 people, 20 photos');
    await page.getByLabel('Label').fill('Generator 3');
    await page.getByLabel('Samples', { exact: true }).fill(String(SAMPLES));
    await page.getByLabel('I may lawfully use').check();
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByText('Give the generator’s checkpoint.').waitFor();
    await drop(page, 'Generator', join(folder, 'checkpoints/secret-project.onnx'));
    await holds(page, 'secret-project.onnx');
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByRole('heading', { name: 'At work' }).waitFor();
    const id = page.url().slice(-30).replace(/.*\//, '');

    let shards = 0;
    await world.run((topic) => topic === TOPICS.probe && ++shards > 3);
    world.hosted.clock.advance(4000);
    const samples = page.getByRole('progressbar', { name: 'Samples', exact: true });
    await eventually(() => samples.getAttribute('value')).toBe('3');
    await page.getByText('faces a second').waitFor();
    expect(await page.locator('.stage').allTextContents()).toEqual(['Photos2 of 2 shards', 'Samples3 of 5 shards']);
    await world.run();
    await page.getByRole('heading', { name: 'Report' }).waitFor();
    const report = page.frameLocator('iframe');
    await report.getByRole('heading', { level: 1 }).waitFor();
    const styled = await page.frame({ url: /report\.html/ })?.evaluate('getComputedStyle(document.body).marginTop');
    expect(styled, 'its style sheet applies in the frame').toBe('0px');
    const frame = page.locator('iframe');
    // All of it is shown.
    await eventually(async () => (await frame.boundingBox())?.height).toBeGreaterThan(1500);
    for (const file of ['report.json', 'report.sarif', 'junit.xml']) {
      expect(await page.locator(`a[href$="/${file}"]`).count(), file).toBe(1);
    }

    await page.getByRole('button', { name: 'Erase it' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Erase' }).click();
    await page.getByRole('heading', { name: 'Erased' }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download the receipt' }).click();
    expect((await download).suggestedFilename()).toBe(`receipt-${id}.json`);
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).status).toBe(404);
    expect(trouble).toEqual([]);
  });

  test('the dashboard cancels an audit that is watched', async () => {
    const world = dashboard.serve();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    const { page, trouble } = await dashboard.signedIn(key, `/audits/${id}`);
    await page.getByRole('button', { name: 'Cancel the audit' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the audit' }).click();
    await page.getByRole('heading', { name: 'There is no report' }).waitFor();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body.state).toBe('CANCELLED');
    expect(trouble).toEqual([]);
  });

  test('the dashboard shows a hostile label as text', async () => {
    const world = dashboard.serve();
    const { key } = await world.account();
    const label = '"><img src=x onerror=alert(1)><script>alert(1)</script>';
    const id = await world.create(key, { attestation: 'owner', photos: 1, label });
    const { page, trouble } = await dashboard.signedIn(key, `/audits/${id}`, { width: 360 });
    await page.getByRole('heading', { level: 1, name: label }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(trouble).toEqual([]);
  });
});
