import { describe, expect, it } from 'vitest';
import { baselineOf, baselineUnderKey } from '../../../shared/report/compare/baseline.ts';
import { renderTrendJson, trendOf, trendSchema } from '../../../shared/report/compare/trend.ts';
import { labelsOf } from '../../../shared/report/compare/trend-labels.ts';
import { renderTrendText, trendSentence } from '../../../shared/report/compare/trend-words.ts';
import { renderTrendHtml } from '../../../shared/report/render/html/trend.ts';
import { exampleReport } from '../../support/example-report.ts';
import { exampleAudits, exampleTrend } from '../../support/example-trend.ts';

describe('labels', () => {
  it.each([
    [
      ['reports/000400/report.json', 'reports/000800/report.json'],
      ['000400', '000800'],
      [400, 800],
    ],
    [
      ['a/network-1.json', 'a/network-20.json'],
      ['network-1', 'network-20'],
      [1, 20],
    ],
    [
      ['x\\kimg12\\report.json', 'x\\kimg40\\report.json'],
      ['kimg12', 'kimg40'],
      [12, 40],
    ],
    [
      ['1.json', '2.json', '3.json'],
      ['1', '2', '3'],
      [1, 2, 3],
    ],
    [['runs/000400/report.json'], ['000400'], null],
    [['report.json'], ['report'], null],
    [['old/report.json', 'new/report.json'], ['old', 'new'], null],
    [['2.json', '1.json'], ['2', '1'], null],
    [['a1.json', 'b2.json'], ['a1', 'b2'], null],
    [['run-2026-01-02.json', 'run-2026-01-09.json'], ['run-2026-01-02', 'run-2026-01-09'], null],
    [['a/report.json', 'a/b/report.json'], ['a', 'a/b'], null],
    [['one.json', 'one.json'], ['one', 'one'], null],
  ])('%j are %j, at %j', (paths, labels, numbers) => {
    expect(labelsOf(paths)).toEqual({ labels, numbers });
  });
});

describe('a trend', () => {
  const trend = exampleTrend();

  it('has a point for each audit; one without a claim has a reason in place of numbers', () => {
    expect(trend.points.map(({ gap }) => gap === null)).toEqual([true, true, false, true, true, true, true]);
    expect(trend.points[2]).toMatchObject({ verdict: 'INVALID', delta: null, auc: null, named: null, emission: null });
    expect(trend.points[2]!.gap).toContain('Both groups look alike without the generator');
    const [alone] = trendOf([baselineOf(exampleReport('RESEMBLANCE_ONLY'))], { labels: ['a'], numbers: null }).points;
    expect(alone).toMatchObject({ gap: expect.stringContaining('no controls'), delta: null });
  });

  it('marks what was made otherwise than the first', () => {
    expect(trend.points.map(({ unlike }) => unlike.length)).toEqual([0, 0, 0, 0, 0, 1, 0]);
    expect(renderTrendText(trend)).toMatch(
      /004400 \* .*\n[\s\S]*\* network-snapshot-004400 cannot be compared .* samples/,
    );
  });

  it('is the same from reports as from baselines of them', () => {
    const labels = labelsOf(exampleAudits().map((_, i) => `${i}.json`));
    const hidden = exampleAudits().map((one) => baselineUnderKey(one, Buffer.alloc(32, 7)));
    expect(trendOf(hidden, labels)).toEqual(trendOf(exampleAudits(), labels));
  });

  it('is written as JSON that its own schema accepts, and says nothing of anybody', () => {
    const text = renderTrendJson(trend);
    expect(trendSchema.parse(JSON.parse(text)).points).toHaveLength(7);
    for (const { identity } of exampleReport().identities) expect(text).not.toContain(identity);
  });

  it('in a sentence never says "safe" of what was not detected', () => {
    expect(trendSentence(trend)[0]).toBe('4 of 7 snapshots give away people they were trained on.');
    const one = { ...trend, points: trend.points.slice(2, 4) };
    expect(trendSentence(one)[0]).toBe('1 of 2 snapshots gives away people it was trained on.');
    const none = { ...trend, points: trend.points.slice(0, 2) };
    expect(trendSentence(none)).toEqual([
      'In none of 2 snapshots leakage was detected.',
      expect.stringContaining('not thereby safe'),
    ]);
  });

  it('in a terminal shows no control character of a path', () => {
    expect(renderTrendText(exampleTrend(['\u001b[2J', ...'bcdefg']))).not.toContain('\u001b');
  });
});

describe('the page of a trend', () => {
  const lines = (page: string) =>
    [...page.matchAll(/class="line-trend" points="([^"]+)"/g)].map(([, list]) => list!.split(' ').length);

  it('joins only neighbours that can be compared, and no line leads over a gap', () => {
    // Of the difference, the AUC and the people named: 1-2, gap, 4-5, another number of samples, and the last alone.
    expect(lines(renderTrendHtml(exampleTrend()))).toEqual([2, 2, 2, 2, 2, 2]);
    expect(renderTrendHtml(exampleTrend()).match(/class="gap"/g)).toHaveLength(3);
  });

  it('says to those who cannot see it what each chart shows', () => {
    const page = renderTrendHtml(exampleTrend());
    expect(page.match(/role="img" aria-labelledby/g)).toHaveLength(3);
    expect(page).toContain('network-snapshot-001600: +16, interval +6.8 to +25.2.');
    expect(page).toContain('network-snapshot-001200: INVALID, not met');
  });

  it('holds no script and no text of a path that is not escaped', () => {
    const hostile = '"><script>alert(1)</script>';
    const page = renderTrendHtml(exampleTrend([hostile, ...'bcdefg']));
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain('default-src &#39;none&#39;; img-src data:; style-src &#39;sha256-');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.each([
    ['nothing but gaps', [2, 2]],
    ['two points', [0, 1]],
    ['a point and a gap', [0, 2]],
  ])('can be drawn of %s', (_, chosen) => {
    const audits = exampleAudits();
    const page = renderTrendHtml(
      trendOf(
        chosen.map((i) => audits[i]!),
        { labels: ['a', 'b'], numbers: null },
      ),
    );
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });
});
