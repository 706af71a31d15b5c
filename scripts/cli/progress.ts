/** Shows progress on stderr. */
import type { Terminal } from '../../shared/terminal.ts';

/** Progress on stderr: a live bar on a terminal, a plain line now and then elsewhere, nothing when quiet. */
export interface Progress {
  /** `done` of `total` items of a stage. */
  update(stage: string, done: number, total: number, unit: string): void;
  /** A line that stays. */
  note(text: string): void;
  end(): void;
}

const WIDTH = 28;
const LINE_EVERY_MS = 10_000;

export const quietProgress: Progress = { update: () => undefined, note: () => undefined, end: () => undefined };

export function terminalProgress(terminal: Terminal, now: () => number = Date.now): Progress {
  const live = terminal.isTerminal && process.env.TERM !== 'dumb';
  let stage = '';
  let started = 0;
  let startedAt = 0;
  let lastLine = Number.NEGATIVE_INFINITY;
  let lastDone = -1;
  let barShown = false;

  const clear = () => {
    if (barShown) terminal.overwrite('');
    barShown = false;
  };
  const describe = (done: number, total: number, unit: string) => {
    const seconds = (now() - startedAt) / 1000;
    const rate = seconds > 0.5 ? (done - started) / seconds : 0;
    const left = rate > 0 ? `, ${duration((total - done) / rate)} left` : '';
    const speed = rate > 0 ? ` (${rate < 10 ? rate.toFixed(1) : Math.round(rate)} a second${left})` : '';
    return `${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${unit}${speed}`;
  };
  return {
    update(name, done, total, unit) {
      if (name !== stage) {
        clear();
        stage = name;
        started = done;
        startedAt = now();
        lastLine = Number.NEGATIVE_INFINITY;
        lastDone = -1;
      }
      if (done === lastDone) return;
      lastDone = done;
      if (live) {
        const filled = Math.round((WIDTH * done) / Math.max(total, 1));
        const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
        terminal.overwrite(`${name.padEnd(9)} ${bar} ${describe(done, total, unit)}`);
        barShown = true;
      } else if (done === total || now() - lastLine >= LINE_EVERY_MS) {
        lastLine = now();
        terminal.line(`${name}: ${describe(done, total, unit)}`);
      }
    },
    note(text) {
      clear();
      terminal.line(text);
      lastDone = -1;
    },
    end: clear,
  };
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
