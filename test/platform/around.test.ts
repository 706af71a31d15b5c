import fc from 'fast-check';
import { expect, test } from 'vitest';
import { around } from '../../shared/platform/around.ts';

/** A port as a class with private state, whose methods say what they were given. */
class Port {
  readonly #answers: unknown[][] = [];
  readonly name = 'port';

  first(...args: unknown[]): unknown[] {
    this.#answers.push(args);
    return args;
  }

  second(...args: unknown[]): unknown[] {
    this.#answers.push(args);
    return args;
  }

  async *listed(...args: unknown[]): AsyncGenerator<unknown> {
    yield* args;
  }

  get calls(): number {
    return this.#answers.length;
  }
}

test('whatever a method is given arrives, with a guard around it and without', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.anything()), async (args) => {
      const port = new Port();
      const seen: unknown[][] = [];
      const wrapped = around(port, {
        second: (go, ...given) => {
          seen.push(given);
          return go();
        },
        listed: (go) => go(),
      });
      expect(wrapped.first(...args)).toEqual(args);
      expect(wrapped.second(...args)).toEqual(args);
      expect(seen).toEqual([args]);
      const listed: unknown[] = [];
      for await (const one of wrapped.listed(...args)) listed.push(one);
      expect(listed).toEqual(args);
      expect([wrapped.calls, wrapped.name]).toEqual([2, 'port']);
    }),
  );
});

test('a guard may answer for the method, replace what it is given, or call it twice', () => {
  const port = new Port();
  const wrapped = around(port, {
    first: (go, ...given) => (given.length === 0 ? ['none'] : go('replaced')),
    second: (go) => [...go(), ...go()],
  });
  expect([wrapped.first(), wrapped.first(1), wrapped.second(2)]).toEqual([['none'], ['replaced'], [2, 2]]);
  expect(port.calls).toBe(3);
});

test('a guard that replaces arguments and forgets an optional one is a compile error', () => {
  const port = { file: (key: string, options?: { readonly fixed?: boolean }) => [key, options] };
  const forgetful = around(port, {
    // @ts-expect-error: `options` would be lost.
    file: (go, key) => go(key),
  });
  expect(forgetful.file('a', { fixed: true })).toEqual(['a', undefined]);
});
