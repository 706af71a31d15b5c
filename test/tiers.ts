/** Which tests belong to which tier. Every test file is in exactly one (test/tiers.test.ts). */

interface Tier {
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
}

/** Long statistics, and audits of real photos and generators. */
const SCIENCE = ['test/science/**/*.test.ts', 'test/real/**/*.test.ts'];
const BROWSER = ['test/browser/**/*.test.ts'];
/** What runs processes, databases, emulators or whole audits. */
const PLATFORM = [
  'test/{cli,client,cloud,contract,engine,functions,pipeline,platform,service,terraform}/**/*.test.ts',
  'test/{ci,package}.test.ts',
];

export const TIERS = {
  /** Pure and fast. */
  unit: { include: ['test/**/*.test.ts'], exclude: [...SCIENCE, ...BROWSER, ...PLATFORM] },
  platform: { include: PLATFORM },
  browser: { include: BROWSER },
  science: { include: SCIENCE },
} satisfies Record<string, Tier>;
