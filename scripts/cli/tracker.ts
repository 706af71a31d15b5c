/** Turns messages and signs of life of the engine into progress. */
import type { Task } from '../../shared/engine/protocol.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { shardMessage, TOPICS } from '../../shared/pipeline/base/messages.ts';
import type { SampleStage } from '../../shared/pipeline/base/stages.ts';
import { sampleShards, samplingOf } from '../../shared/pipeline/planning/plan/sampling.ts';
import type { Plan } from '../../shared/pipeline/planning/plan/schema.ts';
import { readPlan } from '../../shared/pipeline/planning/plan/store.ts';
import { fromEvent } from '../../shared/platform/event.ts';
import type { Progress } from './progress.ts';

const SHARDS: ReadonlySet<string> = new Set([TOPICS.enrol, TOPICS.probe, TOPICS.confirm]);

/** From messages and the engine's signs of life to stages, samples and photos. */
export class Tracker {
  context: Context | undefined;
  private readonly progress: Progress;
  private plan: Plan | undefined;
  private enrolled = 0;
  private stage: SampleStage = 'probe';
  private probed = 0;

  constructor(progress: Progress) {
    this.progress = progress;
  }

  async message(topic: string, event: { readonly data?: unknown }): Promise<void> {
    if (topic === TOPICS.conclude) this.progress.update('report', 0, 1, 'report');
    if (!SHARDS.has(topic) || !this.context) return;
    const { audit, stage, shard } = shardMessage.parse(fromEvent(event));
    this.plan ??= await readPlan(this.context, audit);
    if (stage === 'enrol') this.enrolled = sum(this.plan.enrolment.slice(0, shard).map(({ count }) => count));
    else {
      const { firstBatch } = sampleShards(this.plan, stage)[shard]!;
      this.stage = stage;
      this.probed = firstBatch * this.plan.settings.batch;
    }
  }

  /** Told by a command how many pictures it has made. */
  made(pictures: number): void {
    if (this.plan) {
      const { samples } = samplingOf(this.plan, this.stage);
      this.progress.update(`${this.stage} (making)`, this.probed + pictures, samples, 'samples');
    } else this.progress.update('plan', pictures, 64, 'calibration samples');
  }

  engine(task: Task, done: number): void {
    if (task === 'listArchive') this.progress.update('plan', done, done, 'pictures listed');
    if (task === 'calibratePictures') this.progress.update('plan', done, 256, 'pictures looked at');
    if (task === 'calibrate') this.progress.update('plan', done, 256, 'calibration samples');
    if (task === 'enrol' && this.plan) {
      const total = sum(this.plan.enrolment.map(({ count }) => count));
      this.progress.update('enrol', this.enrolled + done, total, 'photos');
    }
    if ((task === 'probe' || task === 'probePictures') && this.plan) {
      const { samples } = samplingOf(this.plan, this.stage);
      this.progress.update(this.stage, this.probed + done, samples, task === 'probe' ? 'samples' : 'pictures');
    }
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
