import { onTestFinished } from 'vitest';
import { openLocal } from '../../../shared/platform/local/index.ts';
import type { Json, Platform } from '../../../shared/platform/ports.ts';
import { isSecret, type Secret } from '../../../shared/service/core/secret.ts';

/** A clock that moves only when a test says so. */
export class TestClock {
  private time: number;

  constructor(time: number) {
    this.time = time;
  }

  now(): number {
    return this.time;
  }

  set(time: number): void {
    this.time = time;
  }
}

export const SECRET: Secret = secretOf(7);

/** A master secret for tests. */
export function secretOf(byte: number): Secret {
  const bytes = new Uint8Array(32).fill(byte);
  if (!isSecret(bytes)) throw new Error('a secret has 32 bytes');
  return bytes;
}

export interface Published {
  readonly topic: string;
  readonly message: Json;
}

/** Records and events of the local platform in a folder, with every message that was published; closed with the test. */
export class Service {
  readonly clock = new TestClock(Date.UTC(2026, 0, 1));
  readonly context: Pick<Platform, 'records' | 'events' | 'clock'>;
  /** In the order of publication. */
  readonly published: Published[] = [];

  constructor(folder: string) {
    const platform = openLocal({ folder, clock: this.clock });
    onTestFinished(() => platform.close());
    const publish = async (topic: string, message: Json) => {
      await platform.events.publish(topic, message);
      this.published.push({ topic, message });
    };
    this.context = { records: platform.records, events: { publish }, clock: this.clock };
  }
}
