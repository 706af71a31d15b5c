import type { Task } from '../../shared/engine/protocol.ts';
import type { Context } from '../../shared/pipeline/context.ts';
import { shardMessage, TOPICS } from '../../shared/pipeline/messages.ts';
import { type Plan, probeShards, readPlan } from '../../shared/pipeline/plan-file.ts';
import { fromEvent } from '../../shared/platform/event.ts';
import type { Progress } from './progress.ts';

/** From messages and the engine's signs of life to stages, samples and photos. */
export class Tracker {
  context: Context | undefined;
  private readonly progress: Progress;
  private plan: Plan | undefined;
  private enrolled = 0;
  private probed = 0;

  constructor(progress: Progress) {
    this.progress = progress;
  }

  async message(topic: string, event: { readonly data?: unknown }): Promise<void> {
    if (topic === TOPICS.merge) this.progress.update('merge', 0, 1, 'report');
    if ((topic !== TOPICS.probe && topic !== TOPICS.enrol) || !this.context) return;
    const { audit, shard } = shardMessage.parse(fromEvent(event));
    this.plan ??= await readPlan(this.context, audit);
    if (topic === TOPICS.enrol) this.enrolled = sum(this.plan.enrolment.slice(0, shard).map(({ count }) => count));
    else {
      const { firstBatch } = probeShards(this.plan)[shard]!;
      this.probed = firstBatch * this.plan.settings.batch;
    }
  }

  engine(task: Task, done: number): void {
    if (task === 'calibrate') this.progress.update('plan', done, 256, 'calibration samples');
    if (task === 'enrol' && this.plan) {
      const total = sum(this.plan.enrolment.map(({ count }) => count));
      this.progress.update('enrol', this.enrolled + done, total, 'photos');
    }
    if (task === 'probe' && this.plan) {
      this.progress.update('probe', this.probed + done, this.plan.settings.samples, 'samples');
    }
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
