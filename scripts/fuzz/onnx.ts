/** Reads damaged and hostile ONNX models, loads those that are accepted, and watches files that none may open. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOnnxGenerator } from '../../shared/checkpoint/onnx.ts';
import { type Canary, canary, notesReads } from '../../test/support/canary.ts';
import { outcomeOf } from '../../test/support/checkpoint/read-all.ts';
import { CANARIES } from '../../test/support/onnx/mutate.ts';

/** A model that takes longer to load ends its process: the runtime's own affair, as long as it touches nothing. */
export const LONGEST_LOAD_MS = 10_000;

type Loaded = 'loaded' | 'refused' | 'crashed' | 'too slow';

/** The fuzzer's own folder: models are loaded in `here`, with canaries in it, below it and beside it. */
export class OnnxFuzzer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rewound-fuzz-'));
  readonly #canaries: readonly Canary[];
  #loader: ChildProcess | undefined;

  constructor() {
    const here = join(this.#folder, 'here');
    mkdirSync(here);
    if (!notesReads(join(this.#folder, 'check')))
      throw new Error('This file system does not note that a file was read.');
    this.#canaries = CANARIES.map((name) => canary(join(here, name)));
  }

  /** Reads a model, and loads it where it is accepted and names no file. Throws what is no refusal by its code. */
  async read(file: Uint8Array): Promise<string> {
    let named: readonly string[] = [];
    const outcome = outcomeOf(() => {
      named = readOnnxGenerator(file, {}).summary.externalFiles;
    });
    if (outcome !== 'read') return outcome;
    return named.length > 0 ? 'names a file' : this.#load(file);
  }

  /** Whether a model has made the runtime read one of the files. */
  wasTouched(): boolean {
    return this.#canaries.some((file) => file.wasRead());
  }

  close(): void {
    this.#loader?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #load(model: Uint8Array): Promise<Loaded> {
    this.#loader ??= fork(join(import.meta.dirname, 'child.ts'), {
      cwd: join(this.#folder, 'here'),
      serialization: 'advanced',
    });
    const loader = this.#loader;
    return new Promise((resolve) => {
      const end = (how: Loaded) => {
        clearTimeout(timer);
        loader.off('message', onMessage);
        loader.off('exit', onExit);
        if (how === 'crashed' || how === 'too slow') this.#loader = undefined;
        resolve(how);
      };
      const onMessage = (how: Loaded) => end(how);
      const onExit = () => end('crashed');
      const timer = setTimeout(() => {
        loader.kill('SIGKILL');
        end('too slow');
      }, LONGEST_LOAD_MS);
      loader.once('message', onMessage);
      loader.once('exit', onExit);
      loader.send(model);
    });
  }
}
