/** The one place that writes to stdout and stderr; nothing leaves it that a terminal would act on. */
import { printable, printableJson, printableLines } from './printable.ts';

/** What a terminal is written to through. */
export interface Terminal {
  /** Whether a person looks at it, who can be shown colours and a bar that moves. */
  readonly isTerminal: boolean;
  /** One line. Whatever stands in it, line breaks included, is shown as a visible escape. */
  line(text: string): void;
  /** A text that ends with a line break. Its line breaks are layout, so values in it have gone through `printable`. */
  page(text: string, options?: { readonly colour?: boolean }): void;
  /** A JSON document, on one line or several. It stays the same value. */
  json(text: string): void;
  /** Shows a line in place of the one that `overwrite` showed before; an empty one removes it. */
  overwrite(text: string): void;
  /** A question that is answered on the same line. */
  ask(text: string): void;
}

/** What is written to; a stream of the process, or of a test. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const ESCAPE = '\u001b';

/** Colours, which only our own renderers ask for. */
const COLOUR = new RegExp(`(${ESCAPE}\\[[\\d;]*m)`);

/** @internal */
export function terminalOf(stream: TerminalStream): Terminal {
  return {
    isTerminal: stream.isTTY === true,
    line: (text) => void stream.write(`${printable(text)}\n`),
    page(text, { colour = false } = {}) {
      const parts = colour ? text.split(COLOUR) : [text];
      stream.write(parts.map((part, i) => (i % 2 === 1 ? part : printableLines(part))).join(''));
    },
    json: (text) => void stream.write(`${printableJson(text.trimEnd())}\n`),
    overwrite: (text) => void stream.write(`\r${ESCAPE}[2K${printable(text)}`),
    ask: (text) => void stream.write(printable(text)),
  };
}

export const stdout: Terminal = terminalOf(process.stdout);
export const stderr: Terminal = terminalOf(process.stderr);

/** Calls `use` with what goes wrong when something is written; without, Node ends the process with a stack. */
export function onWriteError(use: (error: Error) => void): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', use);
}

/**
 * Does some work of Node.js without the warning of it that begins like this, where users can do nothing about it. The
 * work is synchronous, so that no other warning can be taken for it.
 */
export function withoutWarning<T>(beginning: string, work: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = (...args: unknown[]) => {
    if (!String(args[0]).startsWith(beginning)) Reflect.apply(emitWarning, process, args);
  };
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
