/** Whose message it is, and turns: an owner's messages are handled one after another, different owners' side by side. */
import type { FunctionEvent } from '../../functions/bootstrap.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { droppedCheckpoint } from '../../shared/pipeline/base/layout.ts';
import { readAudit } from '../../shared/pipeline/runs/run.ts';
import { fromEvent } from '../../shared/platform/event.ts';

/** The tenant whose audit a message is about, as the drop folder calls it; empty where it says nothing of that. */
export async function ownerOfMessage(context: Pick<Context, 'records'>, event: FunctionEvent): Promise<string> {
  const message = fromEvent(event);
  if (typeof message !== 'object' || message === null) return '';
  const key = 'key' in message ? message.key : undefined;
  const audit = 'audit' in message ? message.audit : undefined;
  const found = typeof key === 'string' ? key : typeof audit === 'string' && (await readAudit(context, audit))?.key;
  return (found && droppedCheckpoint(found)?.project.split('/')[1]) || '';
}

export class OwnerTurns {
  /** By owner, what the next one waits for. */
  private readonly last = new Map<string, Promise<unknown>>();

  /** Does `work` when everything is done that was asked for before in the name of the same owner. */
  async take<T>(owner: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(owner);
    const turn = before ? before.then(work) : work();
    const settled = turn.catch(() => undefined);
    this.last.set(owner, settled);
    try {
      return await turn;
    } finally {
      if (this.last.get(owner) === settled) this.last.delete(owner);
    }
  }
}
