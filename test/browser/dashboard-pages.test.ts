/** Every page of the dashboard: what it weighs, and whether everybody can read and use it. */
import { join } from 'node:path';
import type { Page, Request } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { makeCode } from '../../shared/service/accounts/sign-in-codes.ts';
import { DashboardBrowser, TEST_MS } from '../support/service/dashboard-browser.ts';
import { ORIGIN } from '../support/service/hosted.ts';
import { type HostedWorld, PHOTOS, smallFiles } from '../support/service/hosted-world.ts';
import { hasChromium } from './chromium.ts';
import { lowContrast } from './contrast.ts';
import { faultsOf } from './dashboard-faults.ts';

/** A folder for pictures of every page, for whoever wants to look at them. */
const PICTURES = process.env.REWOUND_TEST_PICTURES;

/** Each width and each scheme; all four of them where pictures are wanted. */
const LOOKS = (
  [
    [1280, 'light'],
    [360, 'dark'],
    [1280, 'dark'],
    [360, 'light'],
  ] as const
).slice(0, PICTURES ? 4 : 2);
/** Little to make, and cut into five pieces. */
const SETTINGS = { samples: 10_240, fresh: 64 };

describe.skipIf(!hasChromium)('every page of the dashboard', { timeout: TEST_MS }, () => {
  const dashboard = DashboardBrowser.ofThisFile();

  test('the dashboard sends little over the wire, and most of it once', async () => {
    const world = dashboard.serve();
    const { account } = await world.account();
    const page = await (await dashboard.context()).newPage();
    const load = async (path: string) => {
      const requests: Request[] = [];
      const note = (request: Request) => void requests.push(request);
      page.on('requestfinished', note);
      await page.goto(ORIGIN + path);
      await page.getByRole('heading', { name: 'Audits' }).waitFor();
      page.off('requestfinished', note);
      const sizes = await Promise.all(requests.map((request) => request.sizes()));
      const bytes = sizes.reduce((sum, { responseBodySize }) => sum + Math.max(0, responseBodySize), 0);
      return { requests: requests.length, bytes };
    };
    const first = await load(`/#code=${await makeCode(world.context, account)}`);
    if (PICTURES) console.log('first load', first);
    expect(first.requests).toBeLessThanOrEqual(20);
    expect(first.bytes).toBeLessThan(30_000);
    const second = await load('/audits');
    if (PICTURES) console.log('second load', second);
    expect(second.bytes, 'the page and what the API says').toBeLessThan(3000);
  });

  test.for(
    LOOKS.flatMap(([width, scheme]) => [
      { width, scheme, service: 'a free service' },
      { width, scheme, service: 'a service that is paid for' },
    ]),
  )(
    'every page of the dashboard of $service can be read and used by everybody at $width px, $scheme',
    async ({ width, scheme, service }) => {
      const isPaid = service !== 'a free service';
      const world = dashboard.serve(isPaid ? { stripe: { apiKey: 'sk_test', webhookSecret: 'whsec_test' } } : {});
      const { account, key } = await world.account();
      const paths = isPaid
        ? { 'credits-paid': '/credits', 'new-audit-paid': '/audits/new' }
        : await fill(world, account, key);
      const { page, trouble, forget } = await dashboard.signedIn(key, '/', { width, scheme });
      for (const [name, path] of Object.entries(paths)) {
        await page.goto(ORIGIN + path);
        await page.locator('main:not([aria-busy]) h1').waitFor();
        if (name.startsWith('new')) await page.getByText('credits at most').waitFor();
        if (name === 'done') await page.frameLocator('iframe').getByRole('heading', { level: 1 }).waitFor();
        await keepPicture(page, `${name}-${width}-${scheme}`);
        await page.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true })");
        expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(width);
        expect(await lowContrast(page, 8), name).toEqual([]);
        expect(await faultsOf(page), name).toEqual([]);
        // The browser says of an audit that is not there that it was not found.
        if (name === 'nothing') forget();
        expect(trouble, name).toEqual([]);
      }
      await page.context().clearCookies();
      await page.goto(`${ORIGIN}/`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await keepPicture(page, `sign-in-${width}-${scheme}`);
      expect(await lowContrast(page, 8)).toEqual([]);
      expect(await faultsOf(page)).toEqual([]);
    },
  );
});

async function keepPicture(page: Page, name: string): Promise<void> {
  if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

/** Something of everything, and where each is shown. */
async function fill(world: HostedWorld, account: string, key: string): Promise<Record<string, string>> {
  const request = { attestation: 'owner', photos: PHOTOS, settings: SETTINGS };
  const done = await world.start(account, key, { ...request, label: 'Generator 3, epoch 40' });
  await world.run();
  await world.start(account, key, { ...request, label: 'Generator 3, epoch 10' }, smallFiles('somebody-else'));
  await world.run();
  const { 'checkpoints/secret-project.onnx': checkpoint, ...rest } = smallFiles();
  const bare = Object.entries(rest).filter(([path]) => path.startsWith('controls/'));
  const rejected = await world.start(
    account,
    key,
    { ...request, label: 'Members left out' },
    {
      ...Object.fromEntries(bare),
      'checkpoints/g.onnx': String(checkpoint),
    },
  );
  await world.run();
  const created = await world.create(key, { ...request, label: 'Generator 4, epoch 5' });
  const working = await world.start(account, key, { ...request, label: 'Generator 4, epoch 10' });
  let shards = 0;
  await world.run((topic) => topic === TOPICS.probe && ++shards > 3);
  world.hosted.clock.advance(4000);
  const [endpoint] = (await world.ask(key, 'GET', '/v1/webhooks')).body.items;
  await world.ask(key, 'POST', '/v1/keys', { name: 'the build', scopes: ['audits:read', 'audits:write'] });
  return {
    audits: '/audits',
    working: `/audits/${working}`,
    done: `/audits/${done}`,
    rejected: `/audits/${rejected}`,
    created: `/audits/${created}`,
    'new-audit': '/audits/new',
    keys: '/keys',
    webhooks: '/webhooks',
    webhook: `/webhooks/${endpoint.id}`,
    credits: '/credits',
    account: '/account',
    nothing: '/audits/aud_0000000000000000000000000',
  };
}
