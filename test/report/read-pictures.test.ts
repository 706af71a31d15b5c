import { expect, test } from 'vitest';
import { pseudonymise } from '../../shared/report/pseudonyms.ts';
import { readPictures } from '../../shared/report/render/html/read-pictures.ts';
import { renderHtml } from '../../shared/report/render/html.ts';
import { examplePictures } from '../browser/example-pictures.ts';
import { exampleReports } from '../support/example-report.ts';

test.each(exampleReports())('%s: of a page and its report the same page is made again', async (_, named) => {
  const report = pseudonymise(named, new Uint8Array(32));
  const page = renderHtml(report, await examplePictures(report));
  expect(page).toContain('<img class="face"');
  expect(renderHtml(report, readPictures(page, report))).toBe(page);
});

test('nothing but pictures is taken of a page', () => {
  const [, report] = exampleReports()[0]!;
  const page = '<img class="face" src="data:image/svg+xml;base64,PHN2Zz4=" alt="Generated face, seed 1">';
  expect(readPictures(page, report)).toEqual({ samples: new Map(), photos: new Map() });
});
