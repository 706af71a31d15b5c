import { expect, test } from 'vitest';
import { createAudit, listHosted, newAuditSchema, quoteOf } from '../../../shared/service/audits/hosted-audit.ts';
import { hosted } from '../../support/service/hosted.ts';
import { dying, HostedWorld } from '../../support/service/hosted-world.ts';

const AUDIT = { attestation: 'owner', photos: 10 } as const;

test('an audit is created as it was asked for, with a quote, and nothing is held', async () => {
  const { ask, account } = hosted();
  const { key } = await account();
  const { body } = await ask(key, 'POST', '/v1/audits', {
    ...AUDIT,
    attestation: 'regulator',
    label: ' Generator 3 ',
    names: true,
  });
  expect(body).toMatchObject({
    state: 'CREATED',
    label: 'Generator 3',
    attestation: 'regulator',
    names: true,
    pseudonymKey: null,
    settings: { samples: 50_000, pictures: false },
    charged: null,
    startedAt: null,
    erasedAt: null,
  });
  expect(body.quote.items.reduce((sum: number, { credits }: { credits: number }) => sum + credits, 0)).toBe(
    body.quote.credits,
  );
  expect((await ask(key, 'POST', '/v1/quotes', AUDIT)).body).toEqual(body.quote);
  expect((await ask(key, 'GET', '/v1/ledger')).body.items).toEqual([]);
});

test('without names it has a key of its own for pseudonyms', async () => {
  const { ask, account } = hosted();
  const { key } = await account();
  const keys = await Promise.all(
    [1, 2].map(async () => (await ask(key, 'POST', '/v1/audits', AUDIT)).body.pseudonymKey),
  );
  for (const one of keys) expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(keys[0]).not.toBe(keys[1]);
});

test('nobody is audited without a word on whose photos these are, nor with settings of the operator', async () => {
  const { ask, account } = hosted();
  const { key } = await account();
  for (const body of [
    { photos: 1 },
    { ...AUDIT, attestation: 'stranger' },
    { ...AUDIT, settings: { shards: 100_000 } },
    { ...AUDIT, settings: { identities: 'names' } },
    { ...AUDIT, settings: { pseudonymKey: '0'.repeat(64) } },
    { ...AUDIT, paid: false },
    { ...AUDIT, quote: { credits: 1 } },
    { ...AUDIT, label: 'x'.repeat(201) },
    { ...AUDIT, photos: 1_000_001 },
    { ...AUDIT, checkpoint: 'g.onnx.card.json' },
    { ...AUDIT, checkpoint: 'LICENCE.TXT' },
    { ...AUDIT, checkpoint: 'model/README.md' },
    { ...AUDIT, checkpoint: 'labels.csv' },
    { ...AUDIT, msPerSample: 0 },
    { ...AUDIT, settings: { seed: 2 ** 32 - 1 } },
  ]) {
    expect((await ask(key, 'POST', '/v1/audits', body)).body, JSON.stringify(body)).toMatchObject({
      status: 400,
      code: 'REQUEST_INVALID',
    });
  }
});

test('the largest there can be has a quote, and the books take it', async () => {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const body = { attestation: 'owner', photos: 1_000_000, msPerSample: 600_000, settings: { samples: 1_000_000_000 } };
  const { credits } = quoteOf(newAuditSchema.parse(body));
  expect(Number.isSafeInteger(credits)).toBe(true);
  const id = await world.create(key, body);
  await world.put(account, id, { 'checkpoints/g.onnx': 'shows nobody' });
  expect((await world.ask(key, 'POST', `/v1/audits/${id}/start`)).status).toBe(202);
});

test('each recognizer embeds all photos, and is quoted for it', () => {
  const quoted = (settings: object) => quoteOf(newAuditSchema.parse({ ...AUDIT, photos: 100_000, settings }));
  const photosOf = ({ items }: ReturnType<typeof quoted>) => items.find(({ what }) => what === 'photos')?.credits ?? 0;
  const one = quoted({});
  const four = quoted({ recognizer: ['built-in', 'recognizer/a.json', 'recognizer/b.json', 'recognizer/c.json'] });
  expect(photosOf(four)).toBeGreaterThan(3.9 * photosOf(one));
  expect(four.credits).toBeGreaterThan(one.credits);
  expect(quoted({ recognizer: 'recognizer/a.json' })).toEqual(one);
});

test('pages hold each audit once, the newest first, to the last', async () => {
  const { ask, account, clock } = hosted();
  const { key } = await account();
  const made: string[] = [];
  for (let i = 0; i < 7; i++) {
    clock.advance(1);
    made.unshift((await ask(key, 'POST', '/v1/audits', AUDIT)).body.id);
  }
  const listed: string[] = [];
  for (let after = ''; ; ) {
    const { body } = await ask(key, 'GET', `/v1/audits?limit=3${after}`);
    listed.push(...body.items.map(({ id }: { id: string }) => id));
    if (body.next === null) break;
    after = `&after=${body.next}`;
  }
  expect(listed).toEqual(made);
});

test('a process that dies over it leaves nothing that nobody looks at again', async () => {
  for (let n = 1; ; n++) {
    const { context, account } = hosted();
    const { account: id } = await account();
    const dies = dying(context, n);
    await createAudit(dies, id, newAuditSchema.parse(AUDIT), { paid: false }).catch(() => undefined);
    const made = await listHosted(context, id, { limit: 10 });
    expect(await context.records.count('agenda')).toBeGreaterThanOrEqual(made.length);
    if (!dies.died()) return;
    expect(made).toEqual([]);
  }
});
