/** A browser at the dashboard of a service that a test has: signed in, given files, and watched for what goes wrong. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { signIn } from '../../../shared/service/accounts/sessions.ts';
import type { ServiceSettings } from '../../../shared/service/core/context.ts';
import { launch } from '../../browser/chromium.ts';
import { tempDir } from '../temp.ts';
import { DashboardServer } from './dashboard.ts';
import { ORIGIN } from './hosted.ts';
import { HostedWorld, MEMBERS, smallFiles } from './hosted-world.ts';

/** Of a test. Only what hangs reaches it: on a busy machine a test takes many times as long as on an idle one. */
export const TEST_MS = 600_000;
/** Of one wait for a state of the page: less than the test's, so that a failure names what was waited for. */
const STATE_MS = 300_000;

interface Opening {
  readonly width?: number;
  readonly scheme?: 'light' | 'dark';
}

/** A page, and everything in it that should not happen. */
export interface Opened {
  readonly page: Page;
  readonly trouble: readonly string[];
  /** What was there to see so far is as it should be. */
  forget(): void;
}

/** One browser and one server for the tests of a file; each test serves a service of its own. */
export class DashboardBrowser {
  private server: DashboardServer | undefined;
  private browser: Browser | undefined;
  private current: HostedWorld | undefined;

  /** Called in a `describe`: starts with its first test, and ends with its last. */
  static ofThisFile(): DashboardBrowser {
    const made = new DashboardBrowser();
    beforeAll(async () => {
      made.server = await DashboardServer.listen();
      made.browser = await launch(made.server.argument);
    }, TEST_MS);
    afterAll(async () => {
      await made.browser?.close();
      made.server?.close();
    }, TEST_MS);
    return made;
  }

  /** From now on the address has this service, until the test ends. */
  serve(settings: Partial<ServiceSettings> = {}): HostedWorld {
    const world = new HostedWorld(settings, { api: { lookMs: 20 } });
    this.server?.serve(world);
    this.current = world;
    return world;
  }

  /** A browser of its own, with nothing in it. */
  async context({ width = 1280, scheme = 'light' }: Opening = {}): Promise<BrowserContext> {
    if (!this.browser) throw new Error('the browser was not started');
    const context = await this.browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
    context.setDefaultTimeout(STATE_MS);
    onTestFinished(() => context.close());
    return context;
  }

  async open(path: string, opening: Opening = {}): Promise<Opened> {
    return openIn(await this.context(opening), path);
  }

  async signedIn(key: string, path = '/', opening: Opening = {}): Promise<Opened> {
    if (!this.current) throw new Error('no service was set up');
    const { token } = await signIn(this.current.context, { key });
    const context = await this.context(opening);
    await context.addCookies([{ name: 'rewound_session', value: token, url: ORIGIN }]);
    const opened = await openIn(context, path);
    await opened.page.getByRole('button', { name: 'Sign out' }).waitFor();
    return opened;
  }
}

async function openIn(context: BrowserContext, path: string): Promise<Opened> {
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('console', (message) => trouble.push(message.text()));
  page.on('pageerror', (error) => trouble.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${ORIGIN}/`) && !/^(data|blob):/.test(request.url())) trouble.push(request.url());
  });
  await page.goto(ORIGIN + path);
  return {
    page,
    trouble,
    forget: () => {
      trouble.length = 0;
    },
  };
}

/** What is read again until it is as expected. */
export function eventually<T>(read: () => T | Promise<T>) {
  return expect.poll(read, { timeout: STATE_MS, interval: 20 });
}

/** The files of a small audit, in folders as people have them. */
export function folders(files = smallFiles(...MEMBERS)): string {
  const folder = tempDir();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Fields that files are dropped on, in the order of the page. */
const FIELDS = ['Generator', 'Members', 'Controls'] as const;

/** Drops files and folders on a field, as from a file manager. */
export async function drop(page: Page, field: (typeof FIELDS)[number], ...paths: readonly string[]): Promise<void> {
  const zone = page.locator('.zone').nth(FIELDS.indexOf(field));
  // After a button at the end of the page was used, the field may lie above what is seen.
  await zone.scrollIntoViewIfNeeded();
  const box = await zone.boundingBox();
  if (!box) throw new Error('there is nothing to drop on');
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: box.x + 40, y: box.y + 20, data });
  }
  await session.detach();
}

/** Waits until a field says what it holds. */
export async function holds(page: Page, text: string): Promise<void> {
  await page.locator('.held', { hasText: text }).waitFor();
}

/** Presses Tab until the control of this name has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  const label = `[...(document.activeElement.labels ?? [])].map((one) => one.textContent).join(' ')`;
  for (let i = 0; i < 60; i++) {
    if ((await page.evaluate(label)) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no way to ${name} with Tab`);
}
