import { describe, expect, it } from 'vitest';
import { rankMatches } from '../../../shared/audit/counts/matches.ts';
import { layOut } from '../../../shared/audit/counts/roster.ts';
import { peopleOf, summaryOf } from '../measured.ts';

const people = peopleOf(100, 100);
const copied = Array.from({ length: 30 }, (_, i) => i);
const rank = (threshold: number | null, limit: number) =>
  rankMatches(summaryOf(people, copied).stairs, people, layOut(people), threshold, limit);

describe('matches', () => {
  it('are the best of each identity: by similarity, then seed, then name', () => {
    const matches = rank(0.5, 200);
    expect(matches.map(({ rank }) => rank)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(new Set(matches.map(({ identity }) => identity)).size).toBe(200);
    for (const [i, match] of matches.entries()) {
      const { key } = people[match.identity]!;
      expect(match.revealed).toBe(match.similarity > 0.5);
      expect(match.photo.startsWith(`${key}-`)).toBe(true);
      if (i < 30) expect(match).toMatchObject({ role: 'members', similarity: Math.fround(0.8), revealed: true });
      const before = matches[i - 1];
      if (!before || before.similarity > match.similarity) continue;
      const name = people[before.identity]!.key;
      expect(before.seed < match.seed || (before.seed === match.seed && name < key)).toBe(true);
    }
    expect(rank(0.5, 5)).toEqual(matches.slice(0, 5));
  });

  it('reveal nobody where there is no threshold', () => {
    expect(rank(null, 200).some(({ revealed }) => revealed)).toBe(false);
  });

  it('leave out whom no sample was compared with', () => {
    const { stairs } = summaryOf(people, [], { found: false });
    expect(rankMatches(stairs, people, layOut(people), 0.5, 10)).toEqual([]);
  });
});
