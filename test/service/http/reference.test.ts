import { beforeEach, expect, test } from 'vitest';
import { type Hosted, hosted } from '../../support/service/hosted.ts';

/* The page for readers; test/browser/reference.test.ts looks at it. */

let world: Hosted;
let key: string;
let page: string;

beforeEach(async () => {
  world = hosted();
  key = (await world.account()).key;
  page = (await world.ask(undefined, 'GET', '/v1/reference')).body;
});

/** The commands of the page, as they are to be copied. */
function commands(): string[] {
  const texts: Readonly<Record<string, string>> = {
    '&amp;': '&',
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#39;': "'",
  };
  return [...page.matchAll(/<pre>(curl .*?)<\/pre>/gs)].map(([, text = '']) =>
    text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => texts[entity] ?? entity),
  );
}

test('every operation has an example, and each is a request that fits the API', async () => {
  const { paths } = (await world.ask(undefined, 'GET', '/v1/openapi.json')).body;
  const operations = Object.values<object>(paths).flatMap((item) => Object.keys(item));
  expect(commands()).toHaveLength(operations.length);
  for (const command of commands()) {
    expect(command).not.toContain('\uFFFD');
    const [, method = 'GET', path = ''] = /^curl (?:-X (\w+) )?http:\/\/[^/]+(\S+)/.exec(command) ?? [];
    if (path.endsWith('/events')) continue;
    const [, body] = /--json '(.*)'$/s.exec(command) ?? [];
    const headers = command.includes('Idempotency-Key') ? { 'idempotency-key': path } : undefined;
    const given = command.includes('$REWOUND_KEY') ? key : undefined;
    const answer = await world.ask(given, method, path, body, headers);
    expect(answer.body.code ?? '', command).not.toBe('REQUEST_INVALID');
    expect(answer.status, command).not.toBe(500);
  }
});

test('it may do nothing but be read', async () => {
  const { headers } = await world.ask(undefined, 'GET', '/v1/reference');
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; img-src data:; style-src 'sha256-/);
  expect(page).not.toMatch(/<script|<form|<img|javascript:/);
});
