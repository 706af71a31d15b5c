import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Http, type Operation } from '../../shared/client/http.ts';

/* Server-sent events as the client reads them, against a parser that others wrote. */

const WATCH: Operation<string> = { method: 'GET', path: '/', once: false, repeatable: true, answer: 'string' };

/** What comes of a stream that arrives in these pieces. */
async function read(pieces: readonly Uint8Array[]): Promise<unknown[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const http = new Http({ origin: 'http://127.0.0.1', fetch: async () => new Response(body) }, {});
  const found: unknown[] = [];
  for await (const data of http.events(WATCH, {})) found.push(data);
  return found;
}

const end = fc.constantFrom('\n', '\r\n');
const line = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => `data: ${JSON.stringify(text)}`),
  fc.constantFrom(': still here', 'event: audit', 'id: 7', 'retry: 1000', ':'),
);
const event = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 3 }), end)
  .filter(([lines]) => lines.filter((one) => one.startsWith('data')).length <= 1)
  .map(([lines, newline]) => lines.map((one) => one + newline).join('') + newline);

test('whatever the lines, and wherever the pieces begin', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event), fc.array(fc.nat(200)), async (events, cuts) => {
      const text = events.join('');
      const expected: unknown[] = [];
      const parser = createParser({ onEvent: ({ data }) => expected.push(JSON.parse(data)) });
      parser.feed(text);
      const bytes = new TextEncoder().encode(text);
      const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const pieces = places.slice(1).map((place, i) => bytes.subarray(places[i], place));
      expect(await read(pieces)).toEqual(expected);
    }),
  );
});
