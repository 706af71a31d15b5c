import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Verdict, verdictSchema } from '../../../shared/report/model.ts';
import { photoKey, renderHtml, shownMatches } from '../../../shared/report/render/html.ts';
import { exampleReport, exampleReports } from '../../support/example-report.ts';

const NONE = { samples: new Map<number, Uint8Array>(), photos: new Map<string, Uint8Array>() };
const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);
const JPEG = Uint8Array.from([0xff, 0xd8, 0xff, 4, 5, 6]);

const HEADLINES: Record<Verdict, string> = {
  LEAKAGE: 'This generator gives away people it was trained on.',
  NOT_DETECTED: 'No leakage was detected.',
  RESEMBLANCE_ONLY: 'Resemblance only.',
  INVALID: 'No claim is possible.',
};

test.each(exampleReports())('%s: no holes', (_, report) => {
  expect(renderHtml(report, NONE)).not.toMatch(/undefined|NaN|Infinity|\[object/);
});

test.each(verdictSchema.options)('%s: one headline, no holes, the same bytes twice', (verdict) => {
  const page = renderHtml(exampleReport(verdict), NONE);
  expect(page).toContain(`<h1>${HEADLINES[verdict]}</h1>`);
  expect(page).not.toMatch(/undefined|NaN|Infinity|\[object/);
  expect(page).toBe(renderHtml(exampleReport(verdict), NONE));
});

test('no leakage detected is never said without what it leaves open', () => {
  const page = renderHtml(exampleReport('NOT_DETECTED'), NONE);
  expect(page).toContain('That is not a proof of safety');
  expect(page).toContain('up to 7.5 points');
});

test('the first screen says what would have been caught and missed', () => {
  const page = renderHtml(exampleReport('NOT_DETECTED'), NONE);
  expect(page).toContain('A leak of 8 or more people of 80 would have been caught with 95% probability.');
  expect(page).toContain('A person who appears in fewer than 1 in 6,677 samples may have been missed');
  expect(renderHtml(exampleReport('INVALID'), NONE)).not.toContain('What it would have caught');
});

test('a lone person is the finding, though the groups do not differ', () => {
  const [, report] = exampleReports().find(([name]) => name === 'lone-person')!;
  const page = renderHtml(report, NONE);
  expect(page).toContain('<h1>This generator gives away a person it was trained on.</h1>');
  expect(page).toContain('in 97 of 10,000 fresh samples, which had no part in naming that person');
  expect(page).toContain('<span class="tag">parametric</span>');
  expect(page).toContain('The closest of the others');
});

test('a leak that only the second recognizer sees is told as its own', () => {
  const report = exampleReport('NOT_DETECTED');
  const [first, second] = report.results;
  const leaking = exampleReport().results[1]!;
  const page = renderHtml({ ...report, verdict: 'LEAKAGE', results: [first!, { ...second!, ...leaking }] }, NONE);
  expect(page).toContain('By the recognizer SFace, training people are found 32.5 points more often');
});

test('every named person is listed with what fresh samples show, and nobody where nobody is named', () => {
  const report = exampleReport();
  const page = renderHtml(report, NONE);
  expect(page).toContain('in 96 of 10,000 fresh samples');
  expect(page.match(/<tr><th scope="row"><bdi>/g)).toHaveLength(30);
  expect(page.match(/<span class="tag">not confirmed<\/span>/g)).toHaveLength(2 + 1);
  const unchecked = report.identities.map((person) => ({ ...person, confirmed: null, fresh: null }));
  const plain = renderHtml(
    { ...report, identities: unchecked, discoveries: { ...report.discoveries, fresh: 0 } },
    NONE,
  );
  expect(plain).toContain('not looked for in fresh samples');
  expect(plain).not.toContain('of 10,000');
  expect(renderHtml(exampleReport('NOT_DETECTED'), NONE)).not.toContain('id="named"');
});

test('a condition that was not judged is shown as such, one that failed with what to do', () => {
  const page = renderHtml(exampleReport('INVALID'), NONE);
  expect(page).toContain('7 conditions of a sound result</a>: 2 failed, 4 met, 1 could not be judged.');
  expect(page.match(/class="gate (met|failed|open)"/g)).toHaveLength(7);
  expect(page).toContain('<b>Take the controls from the same collection as the members, then run the audit again.</b>');
});

test('a recognizer that does not know people again does not judge, and the audit stands', () => {
  const report = exampleReport();
  const gates = report.gates.map((gate) => ({
    ...gate,
    passed: gate.name === 'matcher' && gate.recognizer === 'SFace' ? false : gate.passed,
  }));
  const results = report.results.map((result, place) => (place === 1 ? { ...result, pHolm: null } : result));
  const page = renderHtml({ ...report, gates, results }, NONE);
  expect(page).toContain('1 failed for a recognizer that does not judge, 5 met, 1 could not be judged.');
  expect(page).toContain('<td>does not judge</td>');
});

test('the pictures asked for are those shown: whoever is named first, however far down the list', () => {
  const report = exampleReport();
  const last = report.matches.filter(({ role }) => role === 'members').at(-1)!;
  const named = [{ ...report.identities[0]!, identity: last.identity }];
  const shown = shownMatches({ ...report, identities: named });
  expect(shown[0]).toBe(last);
  expect(shown).toHaveLength(32);
  expect(new Set(shown).size).toBe(32);
});

test('an invalid audit shows its numbers as no finding, and folds its pairs away', () => {
  const page = renderHtml(exampleReport('INVALID'), NONE);
  expect(page).toContain('blind baseline AUC 0.95');
  expect(page.match(/class="warning"/g)).toHaveLength(2);
  expect(page).not.toContain('class="lead"');
  expect(page.indexOf('<li class="pair')).toBeGreaterThan(page.indexOf('Show the pairs'));
});

test('without controls there are no rates, no ROC, no revealed people and no threshold', () => {
  const page = renderHtml(exampleReport('RESEMBLANCE_ONLY'), NONE);
  expect(page).toContain('no comparison group');
  expect(page).toContain('id="histogram-t"');
  expect(page).not.toMatch(/id="roc-t"|id="reveal-t"|above threshold|below threshold|class="threshold"/);
});

test('shows 24 member pairs at most, closest first, then 8 control pairs', () => {
  const page = renderHtml(exampleReport(), NONE);
  const roles = [...page.matchAll(/<li class="pair (members|controls)/g)].map(([, role]) => role);
  expect(roles).toEqual([...Array(24).fill('members'), ...Array(8).fill('controls')]);
});

test('pictures go in as data, by their bytes; what is missing says why', () => {
  const report = exampleReport();
  const match = report.matches.find(({ role }) => role === 'members')!;
  const page = renderHtml(report, {
    samples: new Map([[match.seed, PNG]]),
    photos: new Map([[photoKey(match), JPEG]]),
  });
  expect(page).toContain(`data:image/png;base64,${Buffer.from(PNG).toString('base64')}`);
  expect(page).toContain(`data:image/jpeg;base64,${Buffer.from(JPEG).toString('base64')}`);
  expect(page).toContain('not included');
  expect(renderHtml(report, { ...NONE, embeddingsOnly: true })).toContain('precomputed embeddings: no photo here');
  const svg = new TextEncoder().encode('<svg onload="alert(1)"/>');
  expect(renderHtml(report, { ...NONE, samples: new Map([[match.seed, svg]]) })).toContain('not a PNG or JPEG');
});

test('the page may do nothing: its policy allows its own pictures and its own style sheet', () => {
  const page = renderHtml(exampleReport(), NONE);
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll('&#39;', "'");
  expect(policy).toBe(
    `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
  );
  expect(page).not.toMatch(/<script| style="| on\w+="|https?:\/\/|@import|url\((?!#)/);
});

test('odd but valid reports: nobody, one bin, one sample, everybody revealed', () => {
  const none = { hits: 0, identities: 0, rate: 0, low: 0, high: 1 };
  const report = exampleReport('LEAKAGE', {
    matches: [],
    reasons: [],
    limits: [],
    histogram: { edges: [], members: [], controls: [] },
    roc: [],
    revealCurve: [{ samples: 0, members: 0, controls: 0 }],
    rates: { members: none, controls: none },
    delta: null,
    auc: null,
    permutation: null,
    threshold: null,
    gates: [],
    thresholds: [],
    leakedFraction: null,
    tpr: [],
    identities: [],
    overRepresentation: null,
    secondary: { zu: null, authenticity: null, distanceRatio: null },
    power: { ...exampleReport().power, genuineRate: null, samplesFor: [], detectable: null },
    results: exampleReport().results.slice(0, 1),
  });
  expect(renderHtml(report, NONE)).not.toMatch(/undefined|NaN|Infinity/);
  const all = { hits: 90_000, identities: 90_000, rate: 1, low: 0.99, high: 1 };
  const full = exampleReport('LEAKAGE', {
    rates: { members: all, controls: all },
    histogram: { edges: [0, 1], members: [1], controls: [0] },
    revealCurve: [
      { samples: 1, members: 1, controls: 1 },
      { samples: 2, members: 1, controls: 1 },
    ],
  });
  const page = renderHtml(full, NONE);
  expect(page).not.toMatch(/undefined|NaN|Infinity/);
  expect(page.match(/class="p-members on"/g)).toHaveLength(100);
});
