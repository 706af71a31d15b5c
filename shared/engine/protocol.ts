/** The messages between the engine's process and its owner. */
import type { ErrorCode } from '../error-codes.ts';
import { RewoundError } from '../errors.ts';
import type { RuntimeOptions } from '../onnx/runtime.ts';
import type { Compute } from './compute.ts';

/** What the engine's process and its owner say to each other, over Node's IPC with structured clones. */
export type Task = keyof Compute;
export type TaskRequest<T extends Task = Task> = Parameters<Compute[T]>[0];

/** An engine all of whose tasks go through one function. A task that is not listed here does not compile. */
export function computeOf(run: (task: Task, request: TaskRequest) => Promise<unknown>): Compute {
  const task = <T extends Task>(name: OneRequest<T>) => ((request: TaskRequest<T>) => run(name, request)) as Compute[T];
  return {
    weightFiles: task('weightFiles'),
    listArchive: task('listArchive'),
    inspect: task('inspect'),
    convert: task('convert'),
    calibrate: task('calibrate'),
    enrol: task('enrol'),
    link: task('link'),
    profile: task('profile'),
    probe: task('probe'),
    calibratePictures: task('calibratePictures'),
    probePictures: task('probePictures'),
    render: task('render'),
    thumbnails: task('thumbnails'),
    embedSample: task('embedSample'),
  };
}

/** A task with one parameter, its request, which is all that is sent: a second parameter would be lost on the way. */
type OneRequest<T extends Task> = Required<Parameters<Compute[T]>> extends [unknown] ? T : never;

export interface Call {
  readonly id: number;
  readonly task: Task;
  readonly request: TaskRequest;
}

export type Reply =
  | { readonly id: number; readonly kind: 'value'; readonly value: unknown }
  | { readonly id: number; readonly kind: 'error'; readonly error: PlainError }
  | { readonly id: number; readonly kind: 'progress'; readonly done: number };

export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly help: string;
  readonly transient: boolean;
  /** Where a defect happened; never shown to users. */
  readonly stack?: string;
}

/** The options reach the process in its environment, so that it can load the runtime before the first call. */
export const OPTIONS_VARIABLE = 'REWOUND_ENGINE_OPTIONS';

export function encodeOptions(options: RuntimeOptions): string {
  return JSON.stringify(options);
}

export function toPlain(error: RewoundError): PlainError {
  const { code, message, help, transient, cause } = error;
  const stack = code === 'INTERNAL' && cause instanceof Error ? cause.stack : undefined;
  return { code, message, help, transient, ...(stack ? { stack } : {}) };
}

export function fromPlain({ code, message, help, transient, stack }: PlainError): RewoundError {
  return new RewoundError(code, message, { help, transient, ...(stack ? { cause: stack } : {}) });
}
