import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { retentionSchema } from '../../shared/service/accounts/accounts.ts';
import { HostedWorld, MEMBERS } from '../support/service/hosted-world.ts';
import { tempDir } from '../support/temp.ts';

const page = readFileSync(new URL('../../docs/privacy.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map((match) => match[1] ?? '');

/** What a block of the page exports. */
async function exportsOf(block: string | undefined) {
  const file = join(tempDir(), 'block.ts');
  writeFileSync(file, block ?? '');
  return import(/* @vite-ignore */ pathToFileURL(file).href);
}

test('a receipt verifies as the page says, and has the fields that it shows', async () => {
  const { verifyReceipt } = await exportsOf(blocks('ts')[0]);
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const id = await world.create(key);
  await world.put(account, id);
  const { body } = await world.ask(key, 'DELETE', `/v1/audits/${id}`);
  const { body: published } = await world.ask(undefined, 'GET', '/v1/receipt-key');
  expect(await verifyReceipt(body.receipt, body.signature, published.publicKey)).toBe(true);
  expect(await verifyReceipt(`${body.receipt} `, body.signature, published.publicKey)).toBe(false);
  const [shown] = blocks('json').map((block) => JSON.parse(block));
  expect(Object.keys(shown)).toEqual(Object.keys(body));
  const [said, real] = [JSON.parse(shown.receipt), JSON.parse(body.receipt)];
  expect(Object.keys(said)).toEqual(Object.keys(real));
  expect(Object.keys(said.objects[0])).toEqual(Object.keys(real.objects[0]));
});

test('a pseudonym is translated as the page says', async () => {
  const { pseudonym } = await exportsOf(blocks('ts')[1]);
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const id = await world.start(account, key);
  await world.run();
  const { pseudonymKey } = (await world.ask(key, 'GET', `/v1/audits/${id}`)).body;
  const { body: report } = await world.ask(key, 'GET', `/v1/audits/${id}/report/report.json`);
  const named: string[] = report.identities.map(({ identity }: { identity: string }) => identity);
  expect(named.sort()).toEqual(MEMBERS.map((who) => pseudonym(pseudonymKey, 'members', who)).sort());
});

test('the defaults of retention are those of the page', () => {
  for (const [name, value] of Object.entries(retentionSchema.parse({}))) {
    const [row = ''] = page.split('\n').filter((line) => line.startsWith(`| \`${name}\``));
    expect(row.split('|')[2]?.replaceAll('`', '').trim()).toBe(String(value));
  }
});
