/** Uploads that are under way in this process, so that an erasure can break them off. */

interface Upload {
  readonly key: string;
  readonly stop: AbortController;
  /** Resolves when nothing is left of its unfinished file. */
  readonly over: Promise<void>;
}

export class Incoming {
  readonly #uploads = new Set<Upload>();

  /** Runs an upload to `key`; `signal` says that it is to end, with nothing left of it. */
  async run<T>(key: string, upload: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    const running = upload(stop.signal);
    const over = running.then(
      () => undefined,
      () => undefined,
    );
    const mine = { key, stop, over };
    this.#uploads.add(mine);
    try {
      return await running;
    } finally {
      this.#uploads.delete(mine);
    }
  }

  /** Breaks off the uploads to keys that hold one of these texts. */
  async breakOff(texts: readonly string[]): Promise<void> {
    const found = [...this.#uploads].filter(({ key }) => texts.some((text) => key.includes(text)));
    for (const { stop } of found) stop.abort();
    await Promise.all(found.map(({ over }) => over));
  }
}

/** The pieces as they come, until the signal aborts: then it throws what `reason` makes. */
export async function* untilAborted(
  pieces: AsyncIterable<unknown>,
  signal: AbortSignal,
  reason: () => Error,
): AsyncGenerator<unknown> {
  const iterator = pieces[Symbol.asyncIterator]();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => undefined);
  const onAbort = () => reject(reason());
  signal.addEventListener('abort', onAbort);
  try {
    if (signal.aborted) onAbort();
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not waited for: it returns with the next piece, which may never come.
    iterator.return?.().catch(() => undefined);
  }
}
