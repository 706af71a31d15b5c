import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { signIn } from '../../shared/service/accounts/sessions.ts';
import { makeCode } from '../../shared/service/accounts/sign-in-codes.ts';
import type { ServiceSettings } from '../../shared/service/core/context.ts';
import { DashboardServer } from '../support/service/dashboard.ts';
import { ORIGIN } from '../support/service/hosted.ts';
import { HostedWorld, MEMBERS, PHOTOS, smallFiles } from '../support/service/hosted-world.ts';
import { photoOf } from '../support/stub-compute.ts';
import { tempDir } from '../support/temp.ts';
import { hasChromium, launch } from './chromium.ts';
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

describe.skipIf(!hasChromium)('the dashboard in a browser', () => {
  let server: DashboardServer;
  let browser: Browser;
  let current: HostedWorld | undefined;

  beforeAll(async () => {
    server = await DashboardServer.listen();
    browser = await launch(server.argument);
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  function serve(settings: Partial<ServiceSettings> = {}): HostedWorld {
    const world = new HostedWorld(settings, { api: { lookMs: 20 } });
    server.serve(world);
    current = world;
    return world;
  }

  function serving(): HostedWorld {
    if (!current) throw new Error('no service was set up');
    return current;
  }

  /** A page, and everything in it that should not happen. */
  async function open(
    path: string,
    width = 1280,
    scheme: 'light' | 'dark' = 'light',
    ...cookies: readonly { readonly name: string; readonly value: string; readonly url: string }[]
  ) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
    await context.addCookies(cookies);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const trouble: string[] = [];
    page.on('console', (message) => trouble.push(message.text()));
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(`${ORIGIN}/`) && !/^(data|blob):/.test(request.url())) trouble.push(request.url());
    });
    await page.goto(ORIGIN + path);
    return { page, trouble };
  }

  async function signedIn(key: string, path = '/', width = 1280, scheme: 'light' | 'dark' = 'light') {
    const { token } = await signIn(serving().context, { key });
    const opened = await open(path, width, scheme, { name: 'rewound_session', value: token, url: ORIGIN });
    await opened.page.getByRole('button', { name: 'Sign out' }).waitFor();
    return opened;
  }

  /** The files of a small audit, in folders as people have them. */
  function folders(files = smallFiles(...MEMBERS)): string {
    const folder = tempDir();
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return folder;
  }

  /** Drops files and folders on an element, as from a file manager. */
  async function drop(page: Page, selector: string, paths: readonly string[]): Promise<void> {
    // After a button at the end of the page was used, the place may lie above what is seen.
    await page.locator(selector).scrollIntoViewIfNeeded();
    const box = await page.locator(selector).boundingBox();
    if (!box) throw new Error('there is nothing to drop on');
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [...paths], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', { type, x: box.x + 40, y: box.y + 20, data });
    }
    await session.detach();
  }

  test('with the keyboard alone: signed in, a folder chosen, uploaded, started', async () => {
    const world = serve();
    const { account, key } = await world.account();
    const folder = folders();
    const { page, trouble } = await open('/audits/new');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await tabTo(page, 'API key');
    await page.keyboard.type(key);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'New audit' }).waitFor();
    expect(await page.evaluate('document.activeElement.tagName'), 'the focus is at the new heading').toBe('H1');
    expect(await page.title()).toBe('New audit - Rewound');
    for (const [label, path, held] of [
      ['Generator', 'checkpoints/secret-project.onnx', 'secret-project.onnx'],
      ['Members', 'members', '2 people, 2 photos'],
      ['Controls', 'controls', '20 people, 20 photos'],
    ] as const) {
      await tabTo(page, label);
      const chooser = page.waitForEvent('filechooser');
      await page.keyboard.press('Enter');
      await (await chooser).setFiles(join(folder, path));
      // The field shows what it holds before the next is chosen: that makes it anew, and takes the focus.
      await page.locator('.held', { hasText: held }).waitFor();
    }
    await tabTo(page, 'I may lawfully use these photos for this audit');
    await page.keyboard.press('Space');
    await tabTo(page, 'Samples');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('64');
    await page.getByText('credits at most').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'At work' }).waitFor();
    const { items } = (await world.ask(key, 'GET', '/v1/audits')).body;
    expect(items).toMatchObject([
      {
        state: 'RECEIVED',
        attestation: 'owner',
        photos: PHOTOS,
        names: false,
        settings: { pictures: false, samples: 64 },
      },
    ]);
    for (const [path, text] of Object.entries(smallFiles(...MEMBERS))) {
      const bytes = await world.context.objects.get(`drop/${account}/${items[0].id}/${path}`);
      expect(new TextDecoder().decode(bytes), path).toBe(text);
    }
    expect(trouble).toEqual([]);
  });

  test('a code in the address is gone from it at once, and from the history', async () => {
    const world = serve();
    const { account } = await world.account();
    const { page, trouble } = await open(`/audits#code=${await makeCode(world.context, account)}`);
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

  test('dropped folders become an audit that is watched to its report, and erased', async () => {
    const world = serve();
    const { key } = await world.account();
    const folder = folders();
    const { page, trouble } = await signedIn(key, '/audits/new');
    await drop(page, '.zone >> nth=1', [join(folder, 'members')]);
    await page.locator('.held', { hasText: '2 people, 2 photos' }).waitFor();
    await drop(page, '.zone >> nth=2', [join(folder, 'controls')]);
    await page.locator('.held', { hasText: '20 people, 20 photos' }).waitFor();
    await page.getByLabel('Label').fill('Generator 3');
    await page.getByLabel('Samples', { exact: true }).fill(String(SETTINGS.samples));
    await page.getByLabel('I may lawfully use').check();
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByText('Give the generator’s checkpoint.').waitFor();
    await drop(page, '.zone >> nth=0', [join(folder, 'checkpoints/secret-project.onnx')]);
    await page.locator('.held', { hasText: 'secret-project.onnx' }).waitFor();
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByRole('heading', { name: 'At work' }).waitFor();
    const id = page.url().slice(-30).replace(/.*\//, '');

    let shards = 0;
    await world.run((topic) => topic === TOPICS.probe && ++shards > 3);
    world.hosted.clock.advance(4000);
    const samples = page.getByRole('progressbar', { name: 'Samples', exact: true });
    await expect.poll(() => samples.getAttribute('value')).toBe('3');
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
    await expect.poll(async () => (await frame.boundingBox())?.height).toBeGreaterThan(1500);
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

  test('a folder that holds all three is sorted by itself', async () => {
    const { key } = await serve().account();
    const { page, trouble } = await signedIn(key, '/audits/new');
    await drop(page, '.zone >> nth=2', [folders()]);
    await page.locator('.held', { hasText: 'secret-project.onnx' }).waitFor();
    expect(await page.locator('.held').allTextContents()).toEqual([
      expect.stringContaining('secret-project.onnx'),
      expect.stringContaining('2 people, 2 photos'),
      expect.stringContaining('20 people, 20 photos'),
    ]);
    expect(trouble).toEqual([]);
  });

  test('where two files could be the checkpoint, it is asked which', async () => {
    const world = serve();
    const { key } = await world.account();
    const weights = { 'checkpoints/a.part1': 'weights' };
    const { page, trouble } = await signedIn(key, '/audits/new');
    const which = page.getByLabel('Which of them is the checkpoint?');
    expect(await which.isVisible()).toBe(false);
    await drop(page, '.zone >> nth=0', [folders({ ...smallFiles(...MEMBERS), ...weights })]);
    await which.waitFor();
    expect(await which.inputValue()).toBe('secret-project.onnx');
    await page.getByLabel('Samples', { exact: true }).fill('64');
    await page.getByLabel('I may lawfully use').check();
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByRole('heading', { name: 'At work' }).waitFor();
    await world.run();
    await page.getByRole('heading', { name: 'Report' }).waitFor();
    expect(trouble).toEqual([]);
  });

  test('more photos than fit one request: folders are read to the bottom, and all of it arrives', async () => {
    const world = serve();
    const { key } = await world.account();
    const many = Array.from({ length: 600 }, (_, i) => [`controls/crowd/${i}.jpg`, photoOf('crowd', i)]);
    const folder = folders({ ...smallFiles(...MEMBERS), ...Object.fromEntries(many), 'controls/.DS_Store': 'x' });
    const { page, trouble } = await signedIn(key, '/audits/new');
    await drop(page, '.zone >> nth=0', [folder]);
    await page.locator('.held', { hasText: '21 people, 620 photos' }).waitFor();
    await page.getByLabel('I may lawfully use').check();
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByRole('heading', { name: 'At work' }).waitFor();
    const [{ id, photos }] = (await world.ask(key, 'GET', '/v1/audits')).body.items;
    expect(photos).toBe(PHOTOS + 600);
    let there = 0;
    for await (const { key: name } of world.context.objects.list('drop/')) if (name.includes(id)) there += 1;
    expect(there, 'with its checkpoint and settings').toBe(PHOTOS + 600 + 2);
    expect(trouble).toEqual([]);
  });

  test('an upload survives failures, and goes on after an interruption without what is there', async () => {
    const world = serve();
    const { key } = await world.account();
    const { page } = await signedIn(key, '/audits/new');
    let [refused, put] = [0, 0];
    const refuseTwo = () => {
      refused = 0;
      return page.route(/\/uploads\//, (route) => {
        refused += 1;
        return refused <= 2 ? route.fulfill({ status: 503 }) : route.continue();
      });
    };
    await refuseTwo();
    await drop(page, '.zone >> nth=0', [folders()]);
    await page.getByLabel('I may lawfully use').check();
    // For what was refused there is no other address: the upload cannot end.
    await page.route(/\/uploads$/, async (route) => {
      const { files } = route.request().postDataJSON();
      await (files.length < PHOTOS ? route.abort() : route.continue());
    });
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByRole('heading', { name: 'Upload' }).waitFor();
    await page.getByRole('button', { name: 'Stop the upload' }).click();
    await page.getByText('Give the same folders again to go on.').waitFor();

    await page.unrouteAll();
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await page.getByText('What was uploaded before is passed over.').waitFor();
    const audit = page.url().replace(/.*\//, '');
    let there = 0;
    for await (const _object of world.context.objects.list('drop/')) there += 1;
    page.on('response', (response) => {
      if (response.request().method() === 'PUT' && response.status() === 200) put += 1;
    });
    await refuseTwo();
    await drop(page, '.zone >> nth=0', [folders()]);
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByRole('heading', { name: 'At work' }).waitFor();
    expect(refused).toBeGreaterThan(2);
    expect(put).toBe(PHOTOS + 1 - there);
    expect((await world.ask(key, 'GET', `/v1/audits/${audit}`)).body.state).toBe('RECEIVED');
  });

  test('little comes over the wire, and most of it once', async () => {
    const world = serve();
    const { account } = await world.account();
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
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

  test('keys: made with what they may do, shown once, copied, revoked', async () => {
    const world = serve();
    const { key } = await world.account();
    const { page, trouble } = await signedIn(key, '/keys');
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

  test('webhooks: added, its secret shown and replaced, a message sent again, disabled, deleted', async () => {
    const world = serve();
    const { account, key } = await world.hosted.account();
    const { page, trouble } = await signedIn(key, '/webhooks');
    await page.getByLabel('Address').fill('http://127.0.0.1:9/hook');
    await page.getByLabel('Description').fill('our build');
    await page.getByRole('button', { name: 'Add the endpoint' }).click();
    await page.getByRole('heading', { name: 'our build' }).waitFor();
    await page.getByText('Show the secret').click();
    const secret = page.locator('code', { hasText: 'whsec_' });
    const before = await secret.textContent();
    await page.getByRole('button', { name: 'Replace the secret' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Replace' }).click();
    await expect.poll(() => secret.textContent()).not.toBe(before);
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

  test('settings are saved; a wrong key and a missing right are told', async () => {
    const world = serve();
    const { account, key } = await world.hosted.account();
    const { page, trouble } = await signedIn(key, '/account');
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
    const reader = await world.hosted.account(['audits:read']);
    const limited = await signedIn(reader.key, '/keys');
    await limited.page.getByText('The API key lacks the scope "keys".').waitFor();
    const stranger = await open('/');
    await stranger.page.getByLabel('API key').fill('rwk_wrong');
    await stranger.page.getByRole('button', { name: 'Sign in' }).click();
    await stranger.page.getByText('This key opens nothing.').waitFor();
    // A link works once, wherever it is opened; a key in one, as earlier versions printed, opens nothing.
    const link = `/keys#code=${await makeCode(world.context, account)}`;
    const linked = await open(link);
    await linked.page.getByRole('heading', { name: 'Keys' }).waitFor();
    expect(linked.page.url()).toBe(`${ORIGIN}/keys`);
    const again = await open(link);
    await again.page.getByText('This sign-in code was used before').waitFor();
    expect(again.page.url()).toBe(`${ORIGIN}/keys`);
    const old = await open(`/keys#key=${key}`);
    await old.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(old.page.url()).toBe(`${ORIGIN}/keys`);
    // A code can be typed too.
    await old.page.getByLabel('API key').fill(await makeCode(world.context, account));
    await old.page.getByRole('button', { name: 'Sign in' }).click();
    await old.page.getByRole('heading', { name: 'Keys' }).waitFor();
  });

  test('an account is made where that is open', async () => {
    serve();
    const { page, trouble } = await open('/');
    await page.getByLabel('Name').fill('Acme');
    await page.getByRole('button', { name: 'Make an account' }).click();
    await page.getByRole('heading', { name: 'Your first key' }).waitFor();
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('heading', { name: 'Audits' }).waitFor();
    expect(trouble).toEqual([]);
    serve({ signUp: 'closed' });
    const closed = await open('/');
    await closed.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await closed.page.getByRole('heading', { name: 'Make an account' }).count()).toBe(0);
  });

  test('an audit is cancelled while it is watched; a session whose key was revoked is over', async () => {
    const world = serve();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    const { page, trouble } = await signedIn(key, `/audits/${id}`);
    await page.getByRole('button', { name: 'Cancel the audit' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the audit' }).click();
    await page.getByRole('heading', { name: 'There is no report' }).waitFor();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body.state).toBe('CANCELLED');
    expect(trouble).toEqual([]);
    const [{ id: own }] = (await world.ask(key, 'GET', '/v1/keys')).body.items;
    await world.ask(key, 'DELETE', `/v1/keys/${own}`);
    await page.getByRole('link', { name: 'Credits' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByRole('link', { name: 'Keys' }).count(), 'no way on').toBe(0);
  });

  test('hostile labels are shown as text', async () => {
    const world = serve();
    const { key } = await world.account();
    const label = '"><img src=x onerror=alert(1)><script>alert(1)</script>';
    const id = await world.create(key, { attestation: 'owner', photos: 1, label });
    const { page, trouble } = await signedIn(key, `/audits/${id}`, 360);
    await page.getByRole('heading', { level: 1, name: label }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(trouble).toEqual([]);
  });

  test('every page: nothing in anybody’s way, at each width, light and dark', async () => {
    const stripe = { apiKey: 'sk_test', webhookSecret: 'whsec_test' };
    const paid = { stripe };
    for (const settings of [{}, paid]) {
      const world = serve(settings);
      const { account, key } = await world.account();
      const pages =
        settings === paid
          ? { 'credits-paid': '/credits', 'new-audit-paid': '/audits/new' }
          : await fill(world, account, key);
      for (const [width, scheme] of LOOKS) {
        const { page, trouble } = await signedIn(key, '/', width, scheme);
        for (const [name, path] of Object.entries(pages)) {
          await page.goto(ORIGIN + path);
          await page.locator('main:not([aria-busy]) h1').waitFor();
          if (name.startsWith('new')) await page.getByText('credits at most').waitFor();
          if (name === 'done') await page.frameLocator('iframe').getByRole('heading', { level: 1 }).waitFor();
          const at = `${name} at ${width} px, ${scheme}`;
          if (PICTURES)
            await page.screenshot({ path: join(PICTURES, `${name}-${width}-${scheme}.png`), fullPage: true });
          await page.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true })");
          expect(await page.evaluate('document.documentElement.scrollWidth'), at).toBeLessThanOrEqual(width);
          expect(await lowContrast(page, 8), at).toEqual([]);
          expect(await faultsOf(page), at).toEqual([]);
          if (name === 'nothing') trouble.length = 0;
          expect(trouble, at).toEqual([]);
        }
        await page.context().clearCookies();
        await page.goto(`${ORIGIN}/`);
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        if (PICTURES) await page.screenshot({ path: join(PICTURES, `sign-in-${width}-${scheme}.png`), fullPage: true });
        expect(await lowContrast(page, 8)).toEqual([]);
        expect(await faultsOf(page)).toEqual([]);
      }
    }
  });
});

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

/** Presses Tab until the control of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  const label = `[...(document.activeElement.labels ?? [])].map((one) => one.textContent).join(' ')`;
  for (let i = 0; i < 60; i++) {
    if ((await page.evaluate(label)) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no way to ${name} with Tab`);
}
