import { describe, expect, test } from 'vitest';
import { newId } from '../../../shared/service/core/ids.ts';
import {
  createEndpoint,
  deleteEndpoint,
  disableEndpoint,
  type EndpointInput,
  endpointInputSchema,
  getEndpoint,
  listEndpoints,
  MOST_ENDPOINTS,
  noteHealth,
  rotateSecret,
  updateEndpoint,
} from '../../../shared/service/webhooks/endpoints.ts';
import { Service } from '../../support/service/webhook-service.ts';
import { tempDir } from '../../support/temp.ts';

const ACCOUNT = newId('account');
const OTHER = newId('account');
const input: EndpointInput = { url: 'https://hooks.example.com', events: ['audit.finished'], description: 'ours' };

function world() {
  const { context, clock } = new Service(tempDir());
  return { clock, context: { ...context, webhookAllow: [], lookup: async () => ['93.184.216.34'] } };
}

describe('an endpoint', () => {
  test('is made, found, listed, changed and deleted', async () => {
    const { context, clock } = world();
    const made = await createEndpoint(context, ACCOUNT, input);
    expect(made).toMatchObject({
      id: expect.stringMatching(/^end_/),
      url: 'https://hooks.example.com/',
      events: ['audit.finished'],
      description: 'ours',
      createdAt: clock.now(),
      disabledAt: null,
      secretVersion: 1,
      rotatedAt: null,
    });
    expect(await getEndpoint(context, ACCOUNT, made.id)).toEqual(made);
    expect(await listEndpoints(context, ACCOUNT)).toEqual([made]);
    const changed = await updateEndpoint(context, ACCOUNT, made.id, { description: 'theirs', events: ['credits.low'] });
    expect(changed).toEqual({ ...made, description: 'theirs', events: ['credits.low'] });
    await deleteEndpoint(context, ACCOUNT, made.id);
    expect(await listEndpoints(context, ACCOUNT)).toEqual([]);
    await expect(deleteEndpoint(context, ACCOUNT, made.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('of another account is not there, nor is anything that is no id', async () => {
    const { context } = world();
    const { id } = await createEndpoint(context, ACCOUNT, input);
    const notThere = { code: 'NOT_FOUND' };
    for (const wrong of [newId('endpoint'), '', '../x', `${id}/a/b`, '__x__']) {
      await expect(getEndpoint(context, ACCOUNT, wrong)).rejects.toMatchObject(notThere);
    }
    await expect(getEndpoint(context, OTHER, id)).rejects.toMatchObject(notThere);
    await expect(updateEndpoint(context, OTHER, id, { enabled: false })).rejects.toMatchObject(notThere);
    await expect(rotateSecret(context, OTHER, id)).rejects.toMatchObject(notThere);
    await expect(deleteEndpoint(context, OTHER, id)).rejects.toMatchObject(notThere);
    expect(await listEndpoints(context, OTHER)).toEqual([]);
  });

  test('has an address that is public, when made and when changed', async () => {
    const { context } = world();
    const { id } = await createEndpoint(context, ACCOUNT, input);
    const refused = { code: 'ENDPOINT_REFUSED' };
    const url = 'https://169.254.169.254/';
    await expect(createEndpoint(context, ACCOUNT, { ...input, url })).rejects.toMatchObject(refused);
    await expect(updateEndpoint(context, ACCOUNT, id, { url })).rejects.toMatchObject(refused);
    const inside = { ...context, lookup: async () => ['10.0.0.1'] };
    await expect(createEndpoint(inside, ACCOUNT, input)).rejects.toMatchObject(refused);
    expect(await listEndpoints(context, ACCOUNT)).toMatchObject([{ id, url: 'https://hooks.example.com/' }]);
  });

  test('is one of at most twenty, also where several are made at once', async () => {
    const { context } = world();
    for (let i = 1; i < MOST_ENDPOINTS; i++) await createEndpoint(context, ACCOUNT, input);
    const results = await Promise.allSettled([1, 2, 3].map(() => createEndpoint(context, ACCOUNT, input)));
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' });
    }
    expect((await listEndpoints(context, ACCOUNT)).length).toBeLessThanOrEqual(MOST_ENDPOINTS);
    await createEndpoint(context, ACCOUNT, input).catch(() => undefined);
    await expect(createEndpoint(context, ACCOUNT, input)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await listEndpoints(context, ACCOUNT)).toHaveLength(MOST_ENDPOINTS);
    await createEndpoint(context, OTHER, input);
  });

  test('gets another secret', async () => {
    const { context, clock } = world();
    const { id } = await createEndpoint(context, ACCOUNT, input);
    clock.set(clock.now() + 5);
    expect(await rotateSecret(context, ACCOUNT, id)).toMatchObject({ secretVersion: 2, rotatedAt: clock.now() });
    expect(await rotateSecret(context, ACCOUNT, id)).toMatchObject({ secretVersion: 3 });
  });

  test('is disabled and enabled, with the reason', async () => {
    const { context, clock } = world();
    const endpoint = await createEndpoint(context, ACCOUNT, input);
    const { id } = endpoint;
    await noteHealth(context, ACCOUNT, endpoint, false);
    const failing = await getEndpoint(context, ACCOUNT, id);
    expect(failing.failingSince).toBe(clock.now());
    const off = await updateEndpoint(context, ACCOUNT, id, { enabled: false });
    expect(off).toMatchObject({ disabledAt: clock.now(), disabledReason: 'owner' });
    clock.set(clock.now() + 1);
    // The first reason stays.
    await disableEndpoint(context, ACCOUNT, id, 'gone');
    expect(await updateEndpoint(context, ACCOUNT, id, { enabled: false })).toEqual(off);
    const on = await updateEndpoint(context, ACCOUNT, id, { enabled: true });
    expect(on).toMatchObject({ disabledAt: null, disabledReason: null, failingSince: null });
    await disableEndpoint(context, ACCOUNT, id, 'gone');
    expect(await getEndpoint(context, ACCOUNT, id)).toMatchObject({ disabledReason: 'gone', disabledAt: clock.now() });
    // Gone meanwhile: nothing to note.
    await deleteEndpoint(context, ACCOUNT, id);
    await disableEndpoint(context, ACCOUNT, id, 'failing');
    await noteHealth(context, ACCOUNT, failing, true);
    expect(await listEndpoints(context, ACCOUNT)).toEqual([]);
  });

  test('that moves starts anew', async () => {
    const { context } = world();
    const endpoint = await createEndpoint(context, ACCOUNT, input);
    await noteHealth(context, ACCOUNT, endpoint, false);
    const same = await updateEndpoint(context, ACCOUNT, endpoint.id, { url: endpoint.url });
    expect(same.failingSince).not.toBeNull();
    const moved = await updateEndpoint(context, ACCOUNT, endpoint.id, { url: 'https://new.example.com/' });
    expect(moved).toMatchObject({ url: 'https://new.example.com/', failingSince: null });
  });
});

test('what an owner says is checked', () => {
  const events = ['credits.low', 'audit.finished', 'audit.finished'];
  expect(endpointInputSchema.parse({ url: 'https://a.example.com', events })).toEqual({
    url: 'https://a.example.com',
    events: ['audit.finished', 'credits.low'],
    description: '',
  });
  for (const wrong of [
    { events },
    { url: 'https://a.example.com', events: [] },
    { url: 'https://a.example.com', events: ['audit.started'] },
    { url: 'https://a.example.com', events, description: 'x'.repeat(501) },
    { url: 'https://a.example.com', events, secret: 'mine' },
  ]) {
    expect(endpointInputSchema.safeParse(wrong).success).toBe(false);
  }
});
