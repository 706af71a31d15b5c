/** Uploads files, several at once, and again where that fails. */
import type { UploadPlace, UploadTicket } from '../../types.ts';
import { Problem, placesFor, problemOf } from '../api.ts';
import type { Found } from './intake.ts';

/** Files that addresses are asked for at once, and that are on their way at once. */
const CHUNK = 500;
const TOGETHER = 4;
const ATTEMPTS = 6;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;

/**
 * Uploads files to an audit: asks for addresses, and puts the files there. What is there already is passed over, so
 * whoever was interrupted begins anew and goes on. It goes on while other pages are shown.
 */
export class Upload extends EventTarget {
  readonly audit: string;
  readonly files: number;
  readonly bytes: number;
  state: 'waiting' | 'sending' | 'done' | 'stopped' | 'failed' = 'waiting';
  problem: Problem | null = null;
  filesDone = 0;
  bytesDone = 0;
  #files: readonly Found[];
  #byPath: Map<string, File> | undefined;
  #next = 0;
  #places: UploadPlace[] = [];
  #asking: Promise<void> | null = null;
  /** Bytes of each file that is on its way. */
  #sent = new Map<string, number>();
  #stop = new AbortController();

  constructor(audit: string, files: readonly Found[]) {
    super();
    this.audit = audit;
    // The checkpoint last: without it nothing can start.
    const last = files.filter(({ path }) => path.startsWith('checkpoints/'));
    this.#files = [...files.filter((one) => !last.includes(one)), ...last];
    this.files = files.length;
    this.bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  }

  get bytesSent() {
    return this.bytesDone + [...this.#sent.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  async run() {
    this.#set('sending');
    try {
      await Promise.all(Array.from({ length: TOGETHER }, () => this.#work()));
      this.#set('done');
    } catch (thrown) {
      if (this.#stop.signal.aborted && this.problem === null && this.state === 'sending') return this.#set('stopped');
      if (this.state !== 'sending') return;
      this.problem = problemOf(thrown);
      // Not more of what will not be enough.
      this.#set('failed');
      this.#stop.abort();
    }
  }

  stop() {
    this.#stop.abort();
  }

  #set(state: Upload['state']) {
    this.state = state;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event('change'));
  }

  async #work() {
    for (let place = await this.#take(); place; place = await this.#take()) {
      const file = this.#fileAt(place.path);
      if (!place.there) await this.#put(place.path, file, place);
      this.#sent.delete(place.path);
      this.filesDone += 1;
      this.bytesDone += file.size;
      this.#tell();
    }
  }

  #fileAt(path: string) {
    this.#byPath ??= new Map(this.#files.map((one) => [one.path, one.file]));
    const file = this.#byPath.get(path);
    if (file) return file;
    throw new Problem({
      code: 'PAGE',
      detail: 'An address came for a file that nobody asked for.',
      help: 'Load the page again.',
    });
  }

  /** The next file to see to; one of those who work asks for more, the others wait. */
  async #take() {
    while (this.#places.length === 0) {
      if (this.#next >= this.#files.length && !this.#asking) return undefined;
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = null;
      });
      await this.#asking;
    }
    return this.#places.shift();
  }

  async #ask() {
    const chunk = this.#files.slice(this.#next, this.#next + CHUNK);
    this.#next += CHUNK;
    this.#places.push(...(await this.#addresses(chunk)));
  }

  async #addresses(files: readonly Found[]) {
    const wanted = files.map(({ path, file }) => ({ path, size: file.size }));
    const { uploads } = await this.#tryAgain(() => placesFor(this.audit, wanted, this.#stop.signal));
    return uploads;
  }

  async #put(path: string, file: File, first: UploadTicket) {
    let place: UploadPlace | undefined = first;
    const once = async () => {
      // A new address after a failure: the former may be too old, or the file there after all.
      [place] = place ? [place] : await this.#addresses([{ path, file }]);
      const at = place;
      place = undefined;
      if (!at || at.there) return;
      try {
        await put(at, file, this.#stop.signal, (bytes) => {
          this.#sent.set(path, bytes);
          this.#tell();
        });
      } finally {
        this.#sent.delete(path);
      }
    };
    await this.#tryAgain(once, isPassingFirst);
  }

  async #tryAgain<T>(
    act: () => Promise<T>,
    mayPass: (problem: Problem, attempt: number) => boolean = isPassing,
  ): Promise<T> {
    const { signal } = this.#stop;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      try {
        return await act();
      } catch (thrown) {
        const goesOn = thrown instanceof Problem && attempt < ATTEMPTS && mayPass(thrown, attempt);
        if (!goesOn || signal.aborted) throw thrown;
        const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 3 ** (attempt - 1));
        await wait(longest * (0.5 + Math.random() / 2), signal);
      }
    }
  }
}

/** Whether it may be better in a moment. */
function isPassing({ status }: Problem) {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

/** An address that is refused may just be too old. */
function isPassingFirst(problem: Problem, attempt: number) {
  return isPassing(problem) || (attempt === 1 && [400, 401, 403].includes(problem.status));
}

function put(
  { url, headers }: UploadTicket,
  file: File,
  signal: AbortSignal,
  onSent: (bytes: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // Of what browsers have, only this one says how much was sent.
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    signal.addEventListener('abort', stop, { once: true });
    request.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onloadend = () => {
      signal.removeEventListener('abort', stop);
      const { status } = request;
      // 412: it came whole before, and the answer was lost.
      if ((status >= 200 && status < 300) || status === 412) resolve();
      else reject(notTaken(status));
    };
    request.send(file);
  });
}

function notTaken(status: number) {
  return status === 0
    ? new Problem({
        code: 'OFFLINE',
        detail: 'A file could not be sent.',
        help: 'See whether you are online and whether the file is still there, and go on with the upload.',
      })
    : new Problem({
        code: 'UPLOAD_REFUSED',
        detail: `A file was refused with ${status}.`,
        help: 'Go on with the upload; what is there already is passed over.',
        status,
      });
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

/** Uploads of this page, by their audit. */
const uploads = new Map<string, Upload>();

export const uploadOf = (audit: string) => uploads.get(audit);

/** Begins an upload that goes on by itself. */
export function beginUpload(audit: string, files: readonly Found[]) {
  uploads.get(audit)?.stop();
  const upload = new Upload(audit, files);
  uploads.set(audit, upload);
  void upload.run();
  return upload;
}

addEventListener('beforeunload', (event) => {
  if ([...uploads.values()].some(({ state }) => state === 'sending')) event.preventDefault();
});
