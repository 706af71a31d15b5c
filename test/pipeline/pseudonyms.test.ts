import { expect, it } from 'vitest';
import { keys } from '../../shared/pipeline/base/layout.ts';
import { settingsSchema } from '../../shared/pipeline/planning/settings.ts';
import { pseudonymise } from '../../shared/report/pseudonyms.ts';
import { audited, open } from '../support/audited.ts';
import { tempDir } from '../support/temp.ts';
import { makeProject, names, put, type World } from '../support/world.ts';

const KEY = 'a5'.repeat(32);
const LEAK = { shows: names('ада', 8), members: names('ада', 12), controls: names('ева', 24) };

async function filesOf(world: World): Promise<string> {
  const { id } = await world.audit();
  const files = ['report.json', 'report.html', 'report.sarif', 'junit.xml'];
  const bytes = await Promise.all(files.map((file) => world.context.objects.get(keys.report(id, file))));
  return bytes.map((one) => new TextDecoder().decode(one)).join('\n');
}

async function hiding(settings: object): Promise<World> {
  const folder = tempDir();
  makeProject(folder, { ...LEAK, settings });
  put(folder, 'members/ада10/спина.jpg', 'nobody 1');
  put(folder, 'controls/ева10/спина.jpg', 'broken 1');
  const world = open(folder);
  await world.land();
  await world.run();
  return world;
}

it('of people and photos nothing but pseudonyms, and of the key nothing, is in what an audit gives out', async () => {
  const world = await hiding({ identities: 'pseudonyms', pseudonymKey: KEY });
  const files = await filesOf(world);
  expect(files).not.toMatch(/[а-я]/i);
  expect(files).not.toContain(KEY);
  expect(JSON.stringify(world.published)).not.toContain(KEY);
  expect(files).toContain('generator.onnx');
  const report = await world.report();
  expect(report).toMatchObject({ verdict: 'LEAKAGE', members: { undetected: 1 }, controls: { unreadable: 1 } });
  expect(report.members.leftOut).toMatchObject([{ photo: expect.stringMatching(/^photo-[0-9a-f]{12}$/) }]);
});

it('is the report with names but for what people are called, with the same pictures', async () => {
  const [named, hidden] = [await hiding({}), await hiding({ identities: 'pseudonyms', pseudonymKey: KEY })];
  const { audit, ...numbers } = await hidden.report();
  const expected = pseudonymise({ ...(await named.report()), timing: TIMING }, Buffer.from(KEY, 'hex'));
  expect({ ...numbers, timing: TIMING }).toEqual({ ...expected, audit: undefined });
  const pictures = async (world: World) => (await filesOf(world)).match(/data:image\/[^"]*/g)?.length;
  expect(await pictures(hidden)).toBe(await pictures(named));
  // A report with names must not be given out for one without.
  expect(audit.id).not.toBe((await named.report()).audit.id);
});

const TIMING = { generateMs: 0, alignMs: 0, embedMs: 0, searchMs: 0, totalMs: 0 };

it('a key alone changes nothing, not even the audit', async () => {
  const ids = await Promise.all(
    [{}, { identities: 'names' }, { pseudonymKey: KEY }].map(async (settings) => {
      const { id } = await (await audited({ ...LEAK, settings })).audit();
      return id;
    }),
  );
  expect(new Set(ids).size).toBe(1);
});

it.each([
  { identities: 'pseudonyms' },
  { identities: 'pseudonyms', pseudonymKey: '' },
  { identities: 'pseudonyms', pseudonymKey: 'g5'.repeat(32) },
  { identities: 'pseudonyms', pseudonymKey: 'a5'.repeat(31) },
  { identities: 'initials' },
])('%j is refused', (settings) => {
  expect(settingsSchema.safeParse(settings).success).toBe(false);
});
