/** What the dashboard takes for a new audit, and how it uploads it. */
import { join } from 'node:path';
import type { FileChooser, Response } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  DashboardBrowser,
  drop,
  eventually,
  folders,
  holds,
  TEST_MS,
  tabTo,
} from '../support/service/dashboard-browser.ts';
import { type HostedWorld, MEMBERS, PHOTOS, smallFiles } from '../support/service/hosted-world.ts';
import { photoOf } from '../support/stub-compute.ts';
import { hasChromium } from './chromium.ts';

describe.skipIf(!hasChromium)('uploading with the dashboard', { timeout: TEST_MS }, () => {
  const dashboard = DashboardBrowser.ofThisFile();

  test('the dashboard lets a user sign in, choose folders, upload and start an audit by keyboard alone', async () => {
    const world = dashboard.serve();
    const { account, key } = await world.account();
    const folder = folders();
    const { page, trouble } = await dashboard.open('/audits/new');
    // Before any key is pressed, so that the browser hands every dialog over from the first.
    const dialogs: FileChooser[] = [];
    page.on('filechooser', (chooser) => dialogs.push(chooser));
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
      await page.keyboard.press('Enter');
      await eventually(() => dialogs.length).toBe(1);
      await dialogs.pop()?.setFiles(join(folder, path));
      // The field shows what it holds before the next is chosen: that makes it anew, and takes the focus.
      await holds(page, held);
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

  test('the dashboard sorts a dropped folder that holds members, controls and a checkpoint', async () => {
    const { key } = await dashboard.serve().account();
    const { page, trouble } = await dashboard.signedIn(key, '/audits/new');
    await drop(page, 'Controls', folders());
    await holds(page, 'secret-project.onnx');
    expect(await page.locator('.held').allTextContents()).toEqual([
      expect.stringContaining('secret-project.onnx'),
      expect.stringContaining('2 people, 2 photos'),
      expect.stringContaining('20 people, 20 photos'),
    ]);
    expect(trouble).toEqual([]);
  });

  test('the dashboard asks which file is the checkpoint where two could be', async () => {
    const world = dashboard.serve();
    const { key } = await world.account();
    const weights = { 'checkpoints/a.part1': 'weights' };
    const { page, trouble } = await dashboard.signedIn(key, '/audits/new');
    const which = page.getByLabel('Which of them is the checkpoint?');
    expect(await which.isVisible()).toBe(false);
    await drop(page, 'Generator', folders({ ...smallFiles(...MEMBERS), ...weights }));
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

  test('the dashboard uploads every photo of deep folders, where they take more than one request', async () => {
    const world = dashboard.serve();
    const { key } = await world.account();
    const many = Array.from({ length: 600 }, (_, i) => [`controls/crowd/${i}.jpg`, photoOf('crowd', i)]);
    const folder = folders({ ...smallFiles(...MEMBERS), ...Object.fromEntries(many), 'controls/.DS_Store': 'x' });
    const { page, trouble } = await dashboard.signedIn(key, '/audits/new');
    await drop(page, 'Generator', folder);
    await holds(page, '21 people, 620 photos');
    await page.getByLabel('I may lawfully use').check();
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByRole('heading', { name: 'At work' }).waitFor();
    const [{ id, photos }] = (await world.ask(key, 'GET', '/v1/audits')).body.items;
    expect(photos).toBe(PHOTOS + 600);
    expect(await arrived(world, id), 'with its checkpoint and settings').toBe(PHOTOS + 600 + 2);
    expect(trouble).toEqual([]);
  });

  test('the dashboard’s upload survives failures, and goes on after an interruption without what is there', async () => {
    const world = dashboard.serve();
    const { key } = await world.account();
    const { page } = await dashboard.signedIn(key, '/audits/new');
    let [refused, put] = [0, 0];
    const refuseTwo = () => {
      refused = 0;
      return page.route(/\/uploads\//, (route) => {
        refused += 1;
        return refused <= 2 ? route.fulfill({ status: 503 }) : route.continue();
      });
    };
    await refuseTwo();
    await drop(page, 'Generator', folders());
    await page.getByLabel('I may lawfully use').check();
    // A request for another address, for what was refused, gets no answer: the upload goes on until it is stopped.
    await page.route(/\/uploads$/, async (route) => {
      const { files } = route.request().postDataJSON();
      if (files.length >= PHOTOS) await route.continue();
    });
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByRole('heading', { name: 'Upload' }).waitFor();
    await eventually(() => arrived(world)).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Stop the upload' }).click();
    await page.getByText('Give the same folders again to go on.').waitFor();

    await page.unrouteAll();
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await page.getByText('What was uploaded before is passed over.').waitFor();
    const audit = page.url().replace(/.*\//, '');
    const passedOver: Promise<number>[] = [];
    page.on('response', (response) => {
      if (response.request().method() === 'PUT' && response.status() === 200) put += 1;
      if (/\/uploads$/.test(response.url())) passedOver.push(thereIn(response));
    });
    await refuseTwo();
    await drop(page, 'Generator', folders());
    await page.getByRole('button', { name: 'Upload and start' }).click();
    await page.getByRole('heading', { name: 'At work' }).waitFor();
    expect(refused).toBeGreaterThan(2);
    const there = (await Promise.all(passedOver)).reduce((sum, files) => sum + files, 0);
    expect(there, 'what arrived before is passed over').toBeGreaterThan(0);
    expect(put, 'all else is sent').toBe(PHOTOS + 1 - there);
    expect((await world.ask(key, 'GET', `/v1/audits/${audit}`)).body.state).toBe('RECEIVED');
  });
});

/** Files of the service's audits that have arrived, or of one of them. */
async function arrived({ context }: HostedWorld, audit = ''): Promise<number> {
  let files = 0;
  for await (const { key } of context.objects.list('drop/')) if (key.includes(audit)) files += 1;
  return files;
}

/** How many files are there already, in an answer with addresses for others. */
async function thereIn(response: Response): Promise<number> {
  const { uploads } = z
    .object({ uploads: z.array(z.object({ there: z.boolean() })) })
    .parse(JSON.parse(await response.text()));
  return uploads.filter(({ there }) => there).length;
}
