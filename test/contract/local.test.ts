import { onTestFinished } from 'vitest';
import { ownObjects } from '../../shared/pipeline/runs/own-objects.ts';
import { deliverUntilAborted, type Handler } from '../../shared/platform/local/delivery.ts';
import { type LocalPlatform, openLocal } from '../../shared/platform/local/index.ts';
import { tempDir } from '../support/temp.ts';
import { type EventsSubject, eventsContract } from './events.contract.ts';
import { objectsContract } from './objects.contract.ts';
import { recordsContract } from './records.contract.ts';
import { wrappedEvents, wrappedObjects, wrappedRecords } from './wrapped.ts';

function open(): LocalPlatform {
  const platform = openLocal({ folder: tempDir(), queue: { backoff: { firstMs: 1, mostMs: 60_000 } } });
  onTestFinished(() => platform.close());
  return platform;
}

async function openEvents(): Promise<EventsSubject> {
  const folder = tempDir();
  const handlers = new Map<string, Handler>();
  let running = start();

  function start() {
    const platform = openLocal({ folder, queue: { backoff: { firstMs: 1, mostMs: 60_000 } } });
    const abandon = new AbortController();
    const delivered = deliverUntilAborted({
      queue: platform.queue,
      handlers: new Map(handlers),
      clock: platform.clock,
      signal: abandon.signal,
      abandon: abandon.signal,
    });
    return {
      platform,
      async end() {
        abandon.abort();
        await delivered;
        platform.close();
      },
    };
  }
  async function restart() {
    await running.end();
    running = start();
  }
  onTestFinished(() => running.end());
  return {
    events: { publish: (...args) => running.platform.events.publish(...args) },
    async subscribe(topic, handler) {
      handlers.set(topic, handler);
      await restart();
    },
    crash: restart,
  };
}

objectsContract('a folder', async () => open().objects);
recordsContract('SQLite', async () => open().records);
eventsContract('SQLite', openEvents);

// What stands between a step and its platform keeps the contract too.
objectsContract('a folder, wrapped', async () => wrappedObjects(open().objects));
objectsContract('a folder, as steps are given it', async () => ownObjects(open().objects), 'RESULT_INCOMPLETE');
recordsContract('SQLite, wrapped', async () => wrappedRecords(open().records));
eventsContract('SQLite, wrapped', async () => {
  const subject = await openEvents();
  return { ...subject, events: wrappedEvents(subject.events) };
});
