/** Measures the statistics of a large audit, and merging many shard results. */
import { layOut } from '../../shared/audit/counts/roster.ts';
import { type Summary, summarise } from '../../shared/audit/counts/summary.ts';
import { TallyBuilder } from '../../shared/audit/counts/tally-builder.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { type AnalysisSettings, analyse, type Measured, type Person } from '../../shared/audit/verdict/analysis.ts';
import type { Benchmark, Row } from './benchmark.ts';
import { mergeShards } from './merge.ts';

/** The statistics of a large audit in seconds of one processor, and what it takes to merge many shard results. */
export const statistics: Benchmark = {
  name: 'statistics',
  async run({ quick, folder, note }) {
    return [analysis(quick ? 1_000 : 10_000), ...(await mergeShards(quick ? 100 : 1_000, folder, note))];
  },
};

const ROUNDS = 3;

function analysis(each: number): Row {
  const people = Array.from({ length: 2 * each }, (_, i): Person => {
    const role = i < each ? 'members' : 'controls';
    return { key: `p${i}`, role, photos: ['a', 'b'], available: 2 + (i % 4) };
  });
  const measured = measuredOf(people, new RandomState(1));
  const settings: AnalysisSettings = { seed: 1, controlsGiven: true };
  const seconds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    analyse(measured, people, settings);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  });
  return {
    name: 'statistics',
    what: `seconds of a processor for ${each.toLocaleString('en')} members and as many controls, all statistics, 9,999 permutations`,
    ratio: Math.min(...seconds),
    target: { most: 5 },
    parts: Object.fromEntries(seconds.map((value, round) => [`round${round + 1}S`, value])),
  };
}

/** Numbers as an audit of that size would have counted and measured them: no leak, two photos each. */
function measuredOf(people: readonly Person[], random: RandomState): Measured {
  const { identityOf } = layOut(people);
  const score = () => 0.45 - 0.025 * Math.log(-Math.log1p(-random.double()));
  // The top 1% of fifty million pairs.
  const pairs = 5e7;
  const tail = pairs / 100;
  const place = () => random.below(people.length - 1);
  const a = Uint32Array.from({ length: tail }, place);
  const scored = Math.min(1_000, people.length / 2);
  const summary = summaryOf(people, random);
  return {
    summary,
    fresh: summary,
    profile: {
      impostors: {
        pairs,
        identities: people.length,
        similarity: Float32Array.from({ length: tail }, (_, i) => 0.3 - 0.03 * Math.log((i + 1) / tail)).map((s) =>
          Math.min(1, s),
        ),
        a,
        b: a.map((lower) => lower + 1 + random.below(people.length - 1 - lower)),
      },
      genuine: { identity: identityOf, similarity: Float32Array.from(identityOf, () => 0.7 + 0.05 * random.gauss()) },
      blind: Float32Array.from(people, (_, i) => (i % (people.length / 2) < scored ? random.gauss() : Number.NaN)),
      blindNull: Float32Array.from({ length: 199 }, () => 0.5 + 0.02 * random.gauss()),
      spread: {
        typicality: Float32Array.from(people, () => 0.1 * random.gauss()),
        crowding: Float32Array.from(people, () => 0.3 + 0.05 * random.gauss()),
        agreement: Float32Array.from(people, () => 0.7 + 0.02 * random.gauss()),
      },
      nearestMember: Float32Array.from(identityOf, score),
      placebo: Float32Array.from(people, score),
      placeboFaces: 1_000,
    },
  };
}

/** Of few samples, which is all that the statistics see of many: everybody's best, and counts. */
function summaryOf(people: readonly Person[], random: RandomState): Summary {
  const layout = layOut(people);
  const faces = layout.identityOf.length;
  const [rows, batches, k] = [500, 20, 10];
  const frame = { samples: rows * batches, batch: rows, seed: 0, identities: people.length, faces };
  const builder = new TallyBuilder(frame, { firstBatch: 0, batches }, layout);
  const score = () => 0.38 - 0.025 * Math.log(-Math.log1p(-random.double()));
  for (let batch = 0; batch < batches; batch++) {
    builder.addBatch({
      batch,
      firstSeed: batch * rows,
      rows,
      columnMax: Float32Array.from({ length: faces }, score),
      columnArg: Int32Array.from({ length: faces }, () => random.below(rows)),
      topValues: Float32Array.from({ length: rows * k }, score),
      topFaces: Int32Array.from({ length: rows * k }, () => random.below(faces)),
    });
  }
  return summarise(builder.finish());
}
