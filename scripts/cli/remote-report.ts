/** Renders the report of a hosted audit with the names of this machine. */
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { csvLine } from '../../shared/csv.ts';
import { pseudonymKeyOf, type Settings } from '../../shared/pipeline/planning/settings.ts';
import { parseReport, renderJson } from '../../shared/report/json.ts';
import type { Report } from '../../shared/report/model.ts';
import { pseudonymise, renamePeople } from '../../shared/report/pseudonyms.ts';
import { readPictures } from '../../shared/report/render/html/read-pictures.ts';
import { type Pictures, photoKey, renderHtml } from '../../shared/report/render/html.ts';
import { renderJunit } from '../../shared/report/render/junit.ts';
import { renderSarif } from '../../shared/report/render/sarif.ts';
import type { ReportFile } from './ended.ts';
import type { RemoteNames } from './remote-names.ts';

export interface Fetched {
  /** report.json, under the pseudonyms that were uploaded. */
  readonly json: string;
  /** report.html, where it has pictures. */
  readonly html: string | undefined;
  readonly embeddingsOnly: boolean;
  /** matches.csv, under the same pseudonyms; undefined where no pictures were audited. */
  readonly matches: string | undefined;
}

/**
 * The files of a report with the names of this machine. They are rendered here, of checked data and pictures: nothing
 * else that the service says can stand in them.
 */
export function localReport(
  fetched: Fetched,
  settings: Settings,
  names: RemoteNames,
): Readonly<Partial<Record<ReportFile, string>>> {
  const remote = parseReport(fetched.json);
  const named = renamePeople(remote, {
    person: (_side, name) => names.back(name),
    photo: (_side, _name, photo) => names.back(photo),
  });
  const key = pseudonymKeyOf(settings);
  const report = key ? pseudonymise(named, key) : named;
  const { samples, photos } = readPictures(fetched.html ?? '', remote);
  const pictures = { samples, photos: renamed(photos, remote, report), embeddingsOnly: fetched.embeddingsOnly };
  return {
    'report.json': renderJson(report),
    'report.sarif': renderSarif(report, { names: key !== undefined }),
    'junit.xml': renderJunit(report),
    'report.html': renderHtml(report, pictures),
    ...(fetched.matches === undefined ? {} : { 'matches.csv': renamedMatches(fetched.matches, names) }),
  };
}

/** matches.csv with the names of people and photos put back; columns as in `renderMatchingPictures`. */
function renamedMatches(text: string, names: RemoteNames): string {
  const rows = matchesSchema.parse(parse(text));
  const [head, ...matching] = rows;
  return [
    csvLine(head ?? []),
    ...matching.map(([picture, recognizer, similarity, role, identity, photo]) =>
      csvLine([picture, recognizer, similarity, role, names.back(identity), names.back(photo)]),
    ),
    '',
  ].join('\n');
}

const matchesSchema = z.array(z.tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.string()]));

/** Photos by what their people are called in the other report, in which each match has the same place. */
function renamed(photos: Pictures['photos'], from: Report, to: Report): Pictures['photos'] {
  return new Map(
    from.matches.flatMap((match, i) => {
      const [photo, other] = [photos.get(photoKey(match)), to.matches[i]];
      return photo && other ? [[photoKey(other), photo] as const] : [];
    }),
  );
}
