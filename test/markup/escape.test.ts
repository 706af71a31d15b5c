import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeText, html, trusted } from '../../shared/markup/escape.ts';
import type { Report } from '../../shared/report/model.ts';
import { renderHtml } from '../../shared/report/render/html.ts';
import { exampleReport } from '../support/example-report.ts';

test('everything put into a template is escaped, unless it is markup already', () => {
  const inner = html`<b>${'<script>'}</b>`;
  expect(html`<p title="${'"><img'}">${inner}${[1, null, false, 'a&b']}</p>`.toString()).toBe(
    '<p title="&quot;&gt;&lt;img"><b>&lt;script&gt;</b>1a&amp;b</p>',
  );
  expect(html`${trusted('<i>')}`.toString()).toBe('<i>');
});

test('no text can open a tag or leave an attribute, and all of it comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeText(text);
      expect(escaped).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      if (!/[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u.test(text) && text.isWellFormed()) {
        expect(unescaped(escaped)).toBe(text);
      }
    }),
  );
});

test('signs that would turn a name around are shown, not obeyed', () => {
  expect(escapeText('a\u202Eb\u0000c\ud800')).toBe('a\uFFFDb\uFFFDc\uFFFD');
});

/** Every tag and attribute name of a page, in order: what a parser sees of it, apart from the text. */
function skeleton(page: string): string {
  return page.replace(/="[^"]*"/g, '=""').replace(/>[^<]*/g, '>');
}

const nasty = fc.oneof(
  fc.constantFrom(
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '</title></style></svg><base href=//evil>',
    '--><!--',
    '{{7*7}}&lt;&amp;amp;',
  ),
  fc.string({ unit: 'binary', minLength: 1 }),
);

test('hostile names change the words of a page and nothing else', () => {
  const plain = skeleton(renderHtml(named('x'), { samples: new Map(), photos: new Map() }));
  fc.assert(
    fc.property(nasty, (name) => {
      const page = renderHtml(named(name), { samples: new Map(), photos: new Map() });
      expect(skeleton(page)).toBe(plain);
    }),
    { numRuns: 60 },
  );
});

/** A report in which every text that comes from outside is `name`. */
function named(name: string): Report {
  const report = exampleReport();
  return {
    ...report,
    reasons: [name],
    limits: [name],
    audit: { ...report.audit, id: name },
    generator: {
      ...report.generator,
      file: name,
      md5: name,
      format: name,
      assumptions: [{ what: name, value: name, source: name }],
    },
    recognizer: { ...report.recognizer, name, licence: name },
    results: report.results.map((result) => ({ ...result, recognizer: { ...result.recognizer, name, licence: name } })),
    gates: report.gates.map((gate) => ({ ...gate, recognizer: name, reason: name, help: name })),
    identities: report.identities.map((person) => ({ ...person, identity: name })),
    threshold: { ...report.threshold!, source: name },
    matches: report.matches.map((match) => ({ ...match, identity: name, photo: name })),
  };
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
