import { describe, expect, it } from 'vitest';
import type { Enrolled } from '../../shared/audit/counts/roster.ts';
import { blindScores } from '../../shared/audit/gallery/blind.ts';
import { centroidsOf } from '../../shared/audit/gallery/centroids.ts';
import { decodeProfile } from '../../shared/audit/gallery/profile-codec.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import type { ProfileRequest } from '../../shared/engine/compute.ts';
import { profileGallery } from '../../shared/engine/profile.ts';
import { localTasks } from '../../shared/engine/tasks.ts';
import { encodeEnrolment } from '../../shared/faces/enrolment.ts';
import { decodeGallery, encodeGallery } from '../../shared/faces/gallery.ts';
import { Similarity } from '../../shared/faces/similarity.ts';
import { fileOf } from '../support/files.ts';
import { cpu } from '../support/runtime.ts';
import { stubProfile } from '../support/stub-profile.ts';

const LENGTH = 16;
const told: number[] = [];
const tasks = localTasks({ device: 'cpu', threads: 1 }, (done) => told.push(done));

function unit(random: RandomState, near?: Float32Array): Float32Array {
  const values = Float32Array.from({ length: LENGTH }, (_, i) => 0.6 * random.gauss() + 2 * (near?.[i] ?? 0));
  const norm = Math.hypot(...values);
  return values.map((value) => value / norm);
}

/** Members and controls by turns, so that the sides do not lie side by side. */
function galleryOf(people: number, photos: (person: number) => number, seed = 1) {
  const random = new RandomState(seed);
  const roster: Enrolled[] = Array.from({ length: people }, (_, i) => ({
    key: `p${i}`,
    role: i % 3 === 0 ? 'controls' : 'members',
    photos: Array.from({ length: photos(i) }, (_, j) => `${j}.jpg`),
  }));
  const rows = roster.flatMap(({ photos: { length } }) => {
    const person = unit(random);
    return Array.from({ length }, () => unit(random, person));
  });
  return { gallery: encodeGallery(Float32Array.from(rows.flatMap((row) => [...row])), LENGTH, roster), roster };
}

function request(gallery: Uint8Array, changes: Partial<ProfileRequest> = {}): ProfileRequest {
  return { gallery: fileOf(gallery, 'gallery.safetensors'), seed: 7, placebo: null, ...changes };
}

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Straight from the definitions. */
function bruteForce(bytes: Uint8Array, placebo: readonly Float32Array[]) {
  const { embeddings, layout } = decodeGallery(bytes);
  const faces = Array.from(layout.identityOf, (identity, i) => ({
    identity,
    member: layout.isMember[identity] === 1,
    row: embeddings.subarray(i * LENGTH, (i + 1) * LENGTH),
  }));
  const pairs = faces.flatMap((x, i) => faces.slice(i + 1).map((y) => ({ x, y, similarity: cosine(x.row, y.row) })));
  return {
    impostors: pairs
      .filter(({ x, y }) => x.identity !== y.identity)
      .sort((p, q) => q.similarity - p.similarity)
      .map(({ x, y, similarity }) => ({ a: x.identity, b: y.identity, similarity })),
    genuine: faces.flatMap((x) => {
      const others = faces.filter((y) => y !== x && y.identity === x.identity);
      return others.length > 0 ? [Math.max(...others.map((y) => cosine(x.row, y.row)))] : [];
    }),
    people: faces
      .filter((x) => faces.some((y) => y !== x && y.identity === x.identity))
      .map(({ identity }) => identity),
    nearestMember: faces.map((x) =>
      Math.max(...faces.filter((y) => y !== x && y.member).map((y) => cosine(x.row, y.row))),
    ),
    placebo: Array.from(layout.isMember, (_, person) =>
      Math.max(
        ...faces
          .filter(({ identity }) => identity === person)
          .flatMap(({ row }) => placebo.map((other) => cosine(row, other))),
      ),
    ),
  };
}

const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5));

describe('the profile of a gallery', () => {
  it('is what brute force finds', async () => {
    // More faces than one block holds, in runs that are not side by side.
    const { gallery } = galleryOf(600, (person) => 1 + (person % 4));
    const random = new RandomState(2);
    const strangers = Array.from({ length: 5 }, () => unit(random));
    const noFace = new Float32Array(LENGTH);
    const enrolment = encodeEnrolment({
      embeddings: Float32Array.from([...strangers, noFace].flatMap((row) => [...row])),
      states: [...strangers.map(() => 'enrolled' as const), 'undetected'],
    });
    const profile = decodeProfile(await tasks.profile(request(gallery, { placebo: fileOf(enrolment) })));
    const expected = bruteForce(gallery, strangers);
    const { impostors, genuine } = profile;
    expect(impostors).toMatchObject({ pairs: expected.impostors.length, identities: 600 });
    expect(impostors.similarity).toHaveLength(Math.ceil(expected.impostors.length / 100));
    for (const [i, { a, b, similarity }] of expected.impostors.slice(0, impostors.similarity.length).entries()) {
      expect(impostors.similarity[i]).toBeCloseTo(similarity, 5);
      if (i < 20) expect([impostors.a[i], impostors.b[i]]).toEqual([a, b]);
    }
    expect([...genuine.similarity]).toEqual(close(expected.genuine));
    expect([...genuine.identity]).toEqual(expected.people);
    expect([...profile.nearestMember]).toEqual(close(expected.nearestMember));
    expect([...profile.placebo]).toEqual(close(expected.placebo));
    expect(profile.placeboFaces).toBe(5);
    const { embeddings, layout } = decodeGallery(gallery);
    const { scores, nullAucs } = blindScores(centroidsOf(embeddings, LENGTH, layout), layout.isMember, 7);
    expect(profile).toMatchObject({ blind: scores, blindNull: nullAucs });
    expect(told.length).toBeGreaterThan(0);
  });

  it('is the same every time, and another for another seed where people are chosen', async () => {
    const { gallery } = galleryOf(40, () => 2);
    const once = await tasks.profile(request(gallery));
    expect(await tasks.profile(request(gallery))).toEqual(once);
    expect(await tasks.profile(request(gallery, { seed: 8 }))).not.toEqual(once);
  });

  it('keeps all pairs of a small gallery, and does without what is not there', async () => {
    const { gallery } = galleryOf(2, () => 1);
    const profile = decodeProfile(await tasks.profile(request(gallery)));
    expect(profile.impostors).toMatchObject({ pairs: 1, identities: 2, a: Uint32Array.of(0), b: Uint32Array.of(1) });
    expect(profile.genuine.similarity).toHaveLength(0);
    expect(profile.blind).toEqual(Float32Array.of(Number.NaN, Number.NaN));
    // The only member has no other member; the control has this one.
    expect(profile.nearestMember[0]).toBeCloseTo(profile.impostors.similarity[0]!, 5);
    expect(profile.nearestMember[1]).toBe(-1);
    expect(profile).toMatchObject({ placebo: new Float32Array(0), placeboFaces: 0, blindNull: new Float32Array(0) });
  });

  it('looks at pairs of chosen people only where there are very many', async () => {
    const { gallery } = galleryOf(10_500, () => 1);
    const decoded = decodeGallery(gallery);
    const similarity = await Similarity.open(cpu, LENGTH);
    const { impostors } = await profileGallery(decoded, new Float32Array(0), 1, similarity, () => undefined);
    await similarity.release();
    expect(impostors).toMatchObject({ pairs: (10_000 * 9_999) / 2, identities: 10_000 });
    expect(impostors.similarity).toHaveLength(499_950);
  });

  it('refuses a placebo of another recognizer', async () => {
    const other = encodeEnrolment({ embeddings: new Float32Array(3), states: ['enrolled'] });
    const { gallery } = galleryOf(4, () => 1);
    await expect(tasks.profile(request(gallery, { placebo: fileOf(other) }))).rejects.toMatchObject({
      code: 'GALLERY_MISMATCH',
    });
  });

  it('is the same, but for rounding, from the stub that other tests use', async () => {
    const { gallery } = galleryOf(12, () => 3);
    const real = decodeProfile(await tasks.profile(request(gallery)));
    const stub = decodeProfile(await stubProfile(request(gallery), () => gallery));
    expect([...stub.nearestMember]).toEqual(close([...real.nearestMember]));
    expect(stub).toMatchObject({ genuine: real.genuine, blind: real.blind });
  });
});
