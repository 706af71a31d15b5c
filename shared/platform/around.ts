/** Puts checks around some methods of a port; every other method, and every argument, is forwarded by construction. */

type Port = object;

/** Calls the method itself: with the arguments as they were given, or with all of them replaced. */
interface Go<Args extends unknown[], Result> {
  (): Result;
  (...replaced: Required<Args>): Result;
}

/** For each guarded method what is called in its place. It is given `go` and then the arguments of the method. */
export type Guards<P extends Port> = {
  readonly [M in keyof P]?: P[M] extends (...args: infer Args) => infer Result
    ? (go: Go<Args, Result>, ...args: Args) => Result
    : never;
};

/**
 * The same port with guards around some of its methods. A guard that calls `go()` cannot lose an argument, also none
 * that the port is given later; a guard that replaces arguments must name all of them, the optional ones too.
 */
export function around<P extends Port>(port: P, guards: Guards<P>): P {
  return new Proxy(port, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      const guard: unknown = Object.hasOwn(guards, name) ? Reflect.get(guards, name) : undefined;
      // Methods of a class need their own `this`, not the proxy.
      if (typeof guard !== 'function') return (...args: unknown[]): unknown => Reflect.apply(method, target, args);
      return (...args: unknown[]): unknown => {
        const go = (...replaced: unknown[]): unknown =>
          Reflect.apply(method, target, replaced.length > 0 ? replaced : args);
        return Reflect.apply(guard, guards, [go, ...args]);
      };
    },
  });
}
