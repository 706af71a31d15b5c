/** The dashboard’s pages of keys, webhooks and the account. */
import { describe, expect, test } from 'vitest';
import { DashboardBrowser, eventually, TEST_MS } from '../support/service/dashboard-browser.ts';
import { ORIGIN } from '../support/service/hosted.ts';
import { hasChromium } from './chromium.ts';

describe.skipIf(!hasChromium)('the dashboard’s pages of settings', { timeout: TEST_MS }, () => {
  const dashboard = DashboardBrowser.ofThisFile();

  test('the dashboard makes an API key with chosen scopes, shows it once, copies and revokes it', async () => {
    const world = dashboard.serve();
    const { key } = await world.account();
    const { page, trouble } = await dashboard.signedIn(key, '/keys');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: ORIGIN });
    await page.getByLabel('Name').fill('the build');
    await page.getByRole('button', { name: 'Make a key' }).click();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const text = await page.evaluate('navigator.clipboard.readText()');
    expect(text).toMatch(/^rwk_/);
    expect((await world.ask(String(text), 'GET', '/v1/audits')).status).toBe(200);
    expect((await world.ask(String(text), 'GET', '/v1/keys')).body.code).toBe('FORBIDDEN');
    await page.getByRole('button', { name: 'Revoke the build' }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: 'Revoke the build' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('revoked', { exact: true }).waitFor();
    expect((await world.ask(String(text), 'GET', '/v1/audits')).status).toBe(401);
    await page.reload();
    await page.getByRole('heading', { name: 'API keys' }).waitFor();
    expect(await page.content(), 'it is shown once').not.toContain(String(text));
    expect(trouble).toEqual([]);
  });

  test('the dashboard adds a webhook endpoint, replaces its secret, sends a message again, disables and deletes it', async () => {
    const world = dashboard.serve();
    const { account, key } = await world.hosted.account();
    const { page, trouble } = await dashboard.signedIn(key, '/webhooks');
    await page.getByLabel('Address').fill('http://127.0.0.1:9/hook');
    await page.getByLabel('Description').fill('our build');
    await page.getByRole('button', { name: 'Add the endpoint' }).click();
    await page.getByRole('heading', { name: 'our build' }).waitFor();
    await page.getByText('Show the secret').click();
    const secret = page.locator('code', { hasText: 'whsec_' });
    const before = await secret.textContent();
    await page.getByRole('button', { name: 'Replace the secret' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Replace' }).click();
    await eventually(() => secret.textContent()).not.toBe(before);
    await world.start(account, key);
    await world.run();
    await page.reload();
    await page.getByRole('button', { name: 'Send audit.finished again' }).click();
    await page.getByText('audit.finished').first().waitFor();
    await page.getByRole('button', { name: 'Disable it' }).click();
    await page.getByText('disabled', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
    expect((await world.ask(key, 'GET', '/v1/webhooks')).body.items).toEqual([]);
    expect(trouble).toEqual([]);
  });

  test('the dashboard saves the settings of the account', async () => {
    const world = dashboard.serve();
    const { key } = await world.hosted.account();
    const { page, trouble } = await dashboard.signedIn(key, '/account');
    await page.getByLabel('as long as its report').check();
    await page.getByLabel('Days a report is kept').fill('30');
    await page.getByLabel('Warn below so many credits').fill('77');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').first().waitFor();
    expect((await world.ask(key, 'GET', '/v1/account')).body).toMatchObject({
      retention: { uploads: 'report', workDays: 1, reportDays: 30 },
      lowCredits: 77,
    });
    expect(trouble).toEqual([]);
  });
});
