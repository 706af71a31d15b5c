import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseReport, renderJson } from '../../shared/report/json.ts';
import type { Report } from '../../shared/report/model.ts';
import { photoPseudonymOf, pseudonymise, pseudonymOf } from '../../shared/report/pseudonyms.ts';
import { photoKey, renderHtml, shownMatches } from '../../shared/report/render/html.ts';
import { renderJunit } from '../../shared/report/render/junit.ts';
import { renderSarif } from '../../shared/report/render/sarif.ts';
import { exampleReport, exampleReports } from '../support/example-report.ts';

const KEY = new Uint8Array(32).fill(7);

/** The four files, the page with every picture there can be. */
function files(report: Report): string {
  const jpeg = Uint8Array.of(0xff, 0xd8, 0xff);
  const shown = shownMatches(report);
  const pictures = { samples: new Map(), photos: new Map(shown.map((match) => [photoKey(match), jpeg])) };
  return [
    renderJson(report),
    renderHtml(report, pictures),
    renderSarif(report, { names: true }),
    renderJunit(report),
  ].join('\n');
}

/** The report with everybody, and every photo, called something else. */
function renamed(report: Report, name: (before: string) => string): Report {
  const both = <T extends { identity: string; photo: string }>(one: T) => ({
    ...one,
    identity: name(one.identity),
    photo: name(one.photo),
  });
  const gallery = (side: Report['members']) => ({ ...side, leftOut: side.leftOut.map(both) });
  return {
    ...report,
    members: gallery(report.members),
    controls: report.controls && gallery(report.controls),
    identities: report.identities.map((one) => ({ ...one, identity: name(one.identity) })),
    matches: report.matches.map(both),
  };
}

/** Letters that Rewound's own words do not have, beside signs that renderings escape. */
const LETTERS = 'абвгдежзийклмнопрстуфхцчшщъыьэюя';
const letters = fc.string({ unit: fc.constantFrom(...LETTERS, '<', '&', '"', ' ', '/', '.', '7'), maxLength: 12 });

describe.each(exampleReports())('%s', (_, report) => {
  test('no name of a person or a photo is in any of the four files', () => {
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 8 }), (words) => {
        const names = new Map<string, string>();
        const called = renamed(report, (before) => {
          if (!names.has(before)) names.set(before, `ж${words[names.size % words.length]}${names.size}`);
          return names.get(before)!;
        });
        expect(files(called)).toContain('ж');
        expect(files(pseudonymise(called, KEY))).not.toMatch(new RegExp(`[${LETTERS}]|&#x?04`, 'i'));
      }),
      { numRuns: 5 },
    );
  });

  test('is a report still, and no number of it has changed', () => {
    const hidden = pseudonymise(report, KEY);
    expect(parseReport(renderJson(hidden))).toEqual(JSON.parse(renderJson(hidden)));
    // Where names decided the order, another one is right: all else stays in its place.
    const nameless = (one: Report) => {
      const { members, controls, identities, ...rest } = renamed(one, () => '');
      const reasons = [members, controls].map((side) => side?.leftOut.map(({ reason }) => reason).sort());
      const counts = [members, controls].map((side) => side && { ...side, leftOut: [] });
      return { rest, reasons, counts, identities: [...identities].sort((a, b) => b.score - a.score || a.q - b.q) };
    };
    expect(nameless(hidden)).toEqual(nameless(report));
    expect(hidden.matches.map(({ rank }) => rank)).toEqual(report.matches.map(({ rank }) => rank));
  });
});

test('a person is called the same in all files and lists, and otherwise under another key', () => {
  const report = exampleReport();
  const [first] = report.identities;
  const pseudonym = pseudonymOf(KEY, 'members', first!.identity);
  expect(pseudonym).toMatch(/^p-[0-9a-f]{12}$/);
  const hidden = pseudonymise(report, KEY);
  expect(hidden.identities.map(({ identity }) => identity)).toContain(pseudonym);
  expect(hidden.matches.map(({ identity }) => identity)).toContain(pseudonym);
  expect(renderSarif(hidden, { names: true })).toContain(`Training person ${pseudonym} `);
  expect(pseudonymOf(randomBytes(32), 'members', first!.identity)).not.toBe(pseudonym);
});

test('sides, people and photos are told apart', () => {
  const made = [
    pseudonymOf(KEY, 'members', 'ada'),
    pseudonymOf(KEY, 'controls', 'ada'),
    pseudonymOf(KEY, 'members', 'eve'),
    photoPseudonymOf(KEY, 'members', 'ada', '1.jpg'),
    photoPseudonymOf(KEY, 'members', 'eve', '1.jpg'),
  ];
  expect(new Set(made).size).toBe(made.length);
});

test('is HMAC-SHA256 of the side and the name, as anybody can compute it', () => {
  // printf members/ada | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…
  expect(pseudonymOf(KEY, 'members', 'ada')).toBe('p-0c5a2d689788');
});

test('what came in the order of names comes in another', () => {
  const { members, identities } = exampleReport();
  const names = Array.from({ length: 60 }, (_, i) => `n${String(i).padStart(2, '0')}`);
  const report = exampleReport('LEAKAGE', {
    members: { ...members, leftOut: names.map((name) => ({ identity: name, photo: '1.jpg', reason: 'undetected' })) },
    identities: names.map((name) => ({ ...identities[0]!, identity: name })),
  });
  const hidden = pseudonymise(report, KEY);
  const inOrderOfNames = names.map((name) => pseudonymOf(KEY, 'members', name));
  for (const list of [hidden.members.leftOut, hidden.identities]) {
    expect(list.map(({ identity }) => identity)).toEqual([...inOrderOfNames].sort());
  }
});
