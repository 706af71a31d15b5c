/** Signing in to the dashboard, and what a session may. */
import { describe, expect, test } from 'vitest';
import { makeCode } from '../../shared/service/accounts/sign-in-codes.ts';
import { DashboardBrowser, TEST_MS } from '../support/service/dashboard-browser.ts';
import { ORIGIN } from '../support/service/hosted.ts';
import { hasChromium } from './chromium.ts';

describe.skipIf(!hasChromium)('signing in to the dashboard', { timeout: TEST_MS }, () => {
  const dashboard = DashboardBrowser.ofThisFile();

  test('the dashboard takes a sign-in code out of the address and the history at once', async () => {
    const world = dashboard.serve();
    const { account } = await world.account();
    const { page, trouble } = await dashboard.open(`/audits#code=${await makeCode(world.context, account)}`);
    await page.getByRole('heading', { name: 'Audits' }).waitFor();
    expect(page.url()).toBe(`${ORIGIN}/audits`);
    expect(await page.evaluate('history.length')).toBeLessThanOrEqual(2);
    expect(await page.evaluate('document.cookie'), 'scripts cannot read the session').toBe('');
    await page.reload();
    await page.getByRole('heading', { name: 'Audits' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(`${ORIGIN}/keys`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(trouble).toEqual([]);
  });

  test('the dashboard takes a link with a sign-in code once, and none with a key', async () => {
    const world = dashboard.serve();
    const { account, key } = await world.hosted.account();
    // A link works once, wherever it is opened; a key in one, as earlier versions printed, opens nothing.
    const link = `/keys#code=${await makeCode(world.context, account)}`;
    const linked = await dashboard.open(link);
    await linked.page.getByRole('heading', { name: 'Keys' }).waitFor();
    expect(linked.page.url()).toBe(`${ORIGIN}/keys`);
    const again = await dashboard.open(link);
    await again.page.getByText('This sign-in code was used before').waitFor();
    expect(again.page.url()).toBe(`${ORIGIN}/keys`);
    const old = await dashboard.open(`/keys#key=${key}`);
    await old.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(old.page.url()).toBe(`${ORIGIN}/keys`);
  });

  test('the dashboard takes a sign-in code that is typed in place of a key', async () => {
    const world = dashboard.serve();
    const { account } = await world.hosted.account();
    const { page } = await dashboard.open('/keys');
    await page.getByLabel('API key').fill(await makeCode(world.context, account));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
  });

  test('the dashboard says that a wrong key opens nothing', async () => {
    dashboard.serve();
    const stranger = await dashboard.open('/');
    await stranger.page.getByLabel('API key').fill('rwk_wrong');
    await stranger.page.getByRole('button', { name: 'Sign in' }).click();
    await stranger.page.getByText('This key opens nothing.').waitFor();
  });

  test('the dashboard says which scope a key lacks', async () => {
    const world = dashboard.serve();
    const reader = await world.hosted.account(['audits:read']);
    const limited = await dashboard.signedIn(reader.key, '/keys');
    await limited.page.getByText('The API key lacks the scope "keys".').waitFor();
  });

  test('the dashboard asks to sign in again once the key of the session was revoked', async () => {
    const world = dashboard.serve();
    const { key } = await world.account();
    const { page } = await dashboard.signedIn(key);
    const [{ id: own }] = (await world.ask(key, 'GET', '/v1/keys')).body.items;
    await world.ask(key, 'DELETE', `/v1/keys/${own}`);
    // The page asks for news by itself, and may have been refused before anything is clicked.
    const signIn = page.getByRole('heading', { name: 'Sign in' });
    await page.getByRole('link', { name: 'Credits' }).or(signIn).first().click();
    await signIn.waitFor();
    expect(await page.getByRole('link', { name: 'Keys' }).count(), 'no way on').toBe(0);
  });

  test('the dashboard makes an account, and shows its first key', async () => {
    dashboard.serve();
    const { page, trouble } = await dashboard.open('/');
    await page.getByLabel('Name').fill('Acme');
    await page.getByRole('button', { name: 'Make an account' }).click();
    await page.getByRole('heading', { name: 'Your first key' }).waitFor();
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('heading', { name: 'Audits' }).waitFor();
    expect(trouble).toEqual([]);
  });

  test('the dashboard makes no account where the operator makes them', async () => {
    dashboard.serve({ signUp: 'closed' });
    const { page } = await dashboard.open('/');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByRole('heading', { name: 'Make an account' }).count()).toBe(0);
  });
});
