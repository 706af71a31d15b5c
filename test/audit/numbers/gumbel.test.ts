import { describe, expect, it } from 'vitest';
import { fitGumbel, gumbelTail } from '../../../shared/audit/numbers/gumbel.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

const DRAWS = { seed: 1, draws: 199 };

function gumbel(random: RandomState, length: number): Float64Array {
  return Float64Array.from({ length }, () => -Math.log(-Math.log1p(-random.double())));
}

describe('fitGumbel', () => {
  it('agrees with scipy', () => {
    const scores = [0.31, 0.28, 0.35, 0.42, 0.3, 0.29, 0.33, 0.38, 0.27, 0.36, 0.315, 0.341];
    const { location, scale, ks, p } = fitGumbel(scores, DRAWS)!;
    // scipy.stats.gumbel_r.fit, polished by brentq on the likelihood equation; scipy.stats.kstest(...).statistic
    expect(location).toBeCloseTo(0.30907781280581, 13);
    expect(scale).toBeCloseTo(0.03398535505620444, 13);
    expect(ks).toBeCloseTo(0.09311153886272905, 12);
    expect(p).toBeGreaterThan(0.5);
  });

  it('moves with location and scale', () => {
    const sample = gumbel(new RandomState(2), 300);
    const plain = fitGumbel(sample, DRAWS)!;
    const moved = fitGumbel(
      sample.map((x) => 40 * x - 7),
      DRAWS,
    )!;
    expect(moved.location).toBeCloseTo(40 * plain.location - 7, 9);
    expect(moved.scale).toBeCloseTo(40 * plain.scale, 9);
    expect(moved.p).toBe(plain.p);
    expect(gumbelTail(moved, 40 * 5 - 7)).toBeCloseTo(gumbelTail(plain, 5), 12);
  });

  it('finds what scores were drawn from, outliers and repetition included', () => {
    const { location, scale } = fitGumbel(gumbel(new RandomState(3), 20_000), { seed: 1, draws: 0 })!;
    expect(location).toBeCloseTo(0, 1);
    expect(scale).toBeCloseTo(1, 1);
    const odd = fitGumbel([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9], DRAWS)!;
    expect(odd.scale).toBeGreaterThan(0);
    expect(odd.location).toBeGreaterThan(0.1);
  });

  it('sees that scores of another shape do not fit, and accepts a share of 1 - a of those that do', () => {
    const random = new RandomState(4);
    const normal = Float64Array.from({ length: 1_000 }, () => random.gauss());
    expect(fitGumbel(normal, DRAWS)!.p).toBe(1 / 200);
    let rejected = 0;
    for (let test = 0; test < 400; test++) {
      if (fitGumbel(gumbel(random, 30), { seed: test, draws: 49 })!.p <= 0.1) rejected++;
    }
    expect(rejected).toBeGreaterThan(40 - 3.5 * 6);
    expect(rejected).toBeLessThan(40 + 3.5 * 6);
  });

  it('sees a heavier tail, which its distance does not, and minds no thinner one', () => {
    const random = new RandomState(9);
    const heavier = (draw: () => number, seed: number) =>
      fitGumbel(
        Float64Array.from({ length: 500 }, () => draw()),
        { seed, draws: 49 },
      )!.heavier;
    const one = () => gumbel(random, 1)[0]!;
    const share = (draw: () => number) =>
      Array.from({ length: 60 }, (_, test) => heavier(draw, test)).filter((p) => p <= 0.1).length / 60;
    // One in ten where the fit is right, or fewer, and three standard deviations.
    expect(share(one)).toBeLessThan(0.1 + 3 * 0.039);
    expect(share(() => random.gauss())).toBe(0);
    // Generalised extreme values of shape 0.15, log-normal ones, and a few people lifted out of a hundred.
    expect(share(() => Math.exp(0.15 * one()))).toBeGreaterThan(0.8);
    expect(share(() => Math.exp(0.5 * random.gauss()))).toBeGreaterThan(0.8);
    expect(share(() => one() + (random.double() < 0.02 ? 8 : 0))).toBeGreaterThan(0.95);
  });

  it('does not fit what has no spread', () => {
    expect(fitGumbel([], DRAWS)).toBeNull();
    expect(fitGumbel([0.3], DRAWS)).toBeNull();
    expect(fitGumbel([0.3, 0.3, 0.3], DRAWS)).toBeNull();
  });
});

describe('gumbelTail', () => {
  it.each([
    // scipy.stats.gumbel_r.sf
    [-2, 0.9993820210106689],
    [0, 0.6321205588285577],
    [5, 0.006715297932158511],
    [20, 2.061153620314381e-9],
    [50, 1.9287498479639178e-22],
  ])('at %i is %s where the fit is taken at face value', (z, tail) => {
    expect(gumbelTail({ location: 0, scale: 1, refits: [] }, z) / tail).toBeCloseTo(1, 12);
    expect(gumbelTail({ location: 0.3, scale: 0.02, refits: [] }, 0.3 + 0.02 * z) / tail).toBeCloseTo(1, 11);
  });

  it.each([
    // Means of gumbel_r.sf(location + scale z) over 40,000 samples of 20, fitted with scipy's brentq; at face value
    // the tails are 0.0181, 0.000911 and 0.0000454.
    [4, 0.02741],
    [7, 0.002466],
    [10, 0.0002646],
  ])('at %i, of 20 scores, allows for what 20 scores cannot tell', (z, tail) => {
    const { refits } = fitGumbel(gumbel(new RandomState(5), 20), { seed: 6, draws: 4_000 })!;
    expect(gumbelTail({ location: 0, scale: 1, refits }, z) / tail).toBeGreaterThan(0.85);
    expect(gumbelTail({ location: 0, scale: 1, refits }, z) / tail).toBeLessThan(1.15);
  });

  it('is below a level as often as the level says, of 20 scores, too', () => {
    const random = new RandomState(7);
    const { refits } = fitGumbel(gumbel(random, 20), { seed: 8, draws: 999 })!;
    const tests = 20_000;
    let below = 0;
    for (let test = 0; test < tests; test++) {
      const sample = gumbel(random, 21);
      const fit = fitGumbel(sample.subarray(1), { seed: 0, draws: 0 })!;
      if (gumbelTail({ ...fit, refits }, sample[0]!) <= 0.01) below++;
    }
    expect(below / tests).toBeGreaterThan(0.007);
    expect(below / tests).toBeLessThan(0.013);
  });
});
