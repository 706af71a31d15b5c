import { describe, expect, it } from 'vitest';
import { latents } from '../../../shared/audit/counts/latents.ts';
import { exactLog } from '../../../shared/audit/numbers/log.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

/** From numpy 2.4: words, random_sample(3), uniform(-1, 1, 3), randn(5), randn(513)[511:], the 1001st random_sample(). */
const NUMPY = [
  {
    seed: 0,
    words: [2357136044, 2546248239, 3071714933, 3626093760],
    doubles: [0.5488135039273248, 0.7151893663724195, 0.6027633760716439],
    uniform: [0.0976270078546495, 0.43037873274483895, 0.20552675214328775],
    randn: [1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458, 1.8675579901499675],
    randnEnd: [1.3749640663929898, -1.3322116545945017],
    far: 0.5928802707811576,
  },
  {
    seed: 1,
    words: [1791095845, 4282876139, 3093770124, 4005303368],
    doubles: [0.417022004702574, 0.7203244934421581, 0.00011437481734488664],
    uniform: [-0.165955990594852, 0.4406489868843162, -0.9997712503653102],
    randn: [1.6243453636632417, -0.6117564136500754, -0.5281717522634557, -1.0729686221561705, 0.8654076293246785],
    randnEnd: [0.19686977925029145, 0.1698692553475717],
    far: 0.3258099666132048,
  },
  {
    seed: 42,
    words: [1608637542, 3421126067, 4083286876, 787846414],
    doubles: [0.3745401188473625, 0.9507143064099162, 0.7319939418114051],
    uniform: [-0.250919762305275, 0.9014286128198323, 0.4639878836228102],
    randn: [0.4967141530112327, -0.13826430117118466, 0.6476885381006925, 1.5230298564080254, -0.23415337472333597],
    randnEnd: [-0.05023810944913695, -0.23894804686640975],
    far: 0.18513292883861965,
  },
  {
    seed: 4294967295,
    words: [419326371, 479346978, 3918654476, 2416749639],
    doubles: [0.0976320289940138, 0.9123828453026218, 0.78903530185164],
    uniform: [-0.8047359420119724, 0.8247656906052436, 0.5780706037032799],
    randn: [0.6484086742306527, 0.6693235306338161, -1.0805437227474493, 0.2845010447986309, 0.11388773652167104],
    randnEnd: [-0.16334506047141822, 0.34573188605489674],
    far: 0.9783407784257938,
  },
];

describe.each(NUMPY)('RandomState($seed), as numpy', ({ seed, words, doubles, uniform, randn, randnEnd, far }) => {
  it('gives the same words', () => {
    const random = new RandomState(seed);
    expect(words.map(() => random.uint32())).toEqual(words);
  });

  it('gives the same doubles, and the same after the state has been renewed', () => {
    const random = new RandomState(seed);
    const out = new Float64Array(1001);
    random.randomSample(out);
    expect([...out.subarray(0, 3)]).toEqual(doubles);
    expect(out[1000]).toBe(far);
  });

  it('gives the same uniform numbers', () => {
    const out = new Float64Array(3);
    new RandomState(seed).uniform(-1, 1, out);
    expect([...out]).toEqual(uniform);
  });

  it('gives the same normal numbers', () => {
    const out = new Float64Array(513);
    new RandomState(seed).randn(out);
    expect([...out.subarray(0, 5)]).toEqual(randn);
    expect([...out.subarray(511)]).toEqual(randnEnd);
  });

  it('keeps the second normal number of a pair for the next call', () => {
    const random = new RandomState(seed);
    const [one, two] = [new Float64Array(1), new Float64Array(4)];
    random.randn(one);
    random.randn(two);
    expect([...one, ...two]).toEqual(randn);
  });

  it('forgets everything when it is seeded again', () => {
    const random = new RandomState(seed === 0 ? 5 : 0);
    random.gauss();
    random.reseed(seed);
    expect(random.gauss()).toBe(randn[0]);
  });
});

describe('RandomState', () => {
  it.each([-1, 2 ** 32, 0.5, Number.NaN])('refuses the seed %s', (seed) => {
    expect(() => new RandomState(seed)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('draws every number below n about equally often, and none outside', () => {
    const random = new RandomState(7);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[random.below(6)]! += 1;
    // 10,000 expected each, standard deviation 91.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(450);
    expect(counts).toHaveLength(6);
    expect(random.below(1)).toBe(0);
    expect(random.below(2 ** 21)).toBeLessThan(2 ** 21);
    for (const n of [0, 1.5, 2 ** 21 + 1]) expect(() => random.below(n)).toThrow(RangeError);
  });

  it('shuffles without losing anything, every order about equally often', () => {
    const random = new RandomState(8);
    const seen = new Map<string, number>();
    for (let i = 0; i < 6_000; i++) {
      const order = random.permutation(3).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    for (const count of seen.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});

describe('latents', () => {
  const normal = { distribution: 'normal', low: null, high: null } as const;

  it('gives row i to the seed of its sample, as float32', () => {
    const out = latents(normal, 0, 2, 5);
    expect([...out]).toEqual([...NUMPY[0]!.randn, ...NUMPY[1]!.randn].map(Math.fround));
  });

  it('draws uniform numbers between the bounds', () => {
    const out = latents({ distribution: 'uniform', low: -1, high: 1 }, 42, 1, 3);
    expect([...out]).toEqual(NUMPY[2]!.uniform.map(Math.fround));
  });

  it('does not depend on where the batch begins', () => {
    expect(latents(normal, 3, 2, 7)).toEqual(latents(normal, 0, 5, 7).subarray(21));
  });

  it('refuses seeds beyond 32 bits and a uniform law without bounds', () => {
    expect(() => latents(normal, 4294967295, 2, 1)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    const unbounded = { distribution: 'uniform', low: null, high: 1 } as const;
    expect(() => latents(unbounded, 0, 1, 1)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

describe('exactLog', () => {
  it.each([
    // Correctly rounded values, computed with 200 bits.
    [0.5, -Math.LN2],
    [1, 0],
    [2, Math.LN2],
    [0.2, -1.6094379124341003],
    [0.9999999999999999, -1.1102230246251565e-16],
    [1e-30, -69.07755278982137],
    [0.75, -0.2876820724517809],
    [0.3, -1.2039728043259361],
  ])('of %s is %s', (x, expected) => {
    expect(exactLog(x)).toBe(expected);
  });

  it('is within one unit in the last place of Math.log everywhere', () => {
    const random = new RandomState(3);
    for (let i = 0; i < 20_000; i++) {
      const x = random.double() || 1;
      const expected = Math.log(x);
      expect(Math.abs(exactLog(x) - expected)).toBeLessThanOrEqual(Math.abs(expected) * 2 ** -52);
    }
  });
});
