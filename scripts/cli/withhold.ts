/** `rewound withhold`: lists the pictures of an audited set that should not be published. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { RewoundError } from '../../shared/errors.ts';
import { parseReport } from '../../shared/report/json.ts';
import type { Report } from '../../shared/report/model.ts';
import { stdout } from '../../shared/terminal.ts';
import { command } from './command.ts';
import { MATCHES_FILE } from './ended.ts';
import { named, putFile } from './files.ts';
import { required } from './option.ts';
import { asPath, requireFile, userPath } from './paths.ts';

export const withhold = command({
  name: 'withhold',
  summary: 'Lists the pictures of an audited set to keep back: all that resemble a person, member or control alike.',
  takes: ['REPORT_FOLDER'],
  options: {
    to: required('LIST', 'a file for their names, one a line', asPath, 'where the list goes'),
  },
  run: ({ to }, [folder = '']) => writeList(userPath(folder), to),
});

const rowSchema = z.tuple([z.string(), z.string(), z.string(), z.enum(['member', 'control']), z.string(), z.string()]);

async function writeList(folder: string, to: string): Promise<number> {
  const report = await reportOf(folder);
  const file = join(folder, MATCHES_FILE);
  await requireFile(file);
  const text = await named(file, 'read', () => readFile(file, 'utf8'));
  const rows = z.array(rowSchema).safeParse(parse(text, { fromLine: 2 }));
  if (!rows.success) {
    throw new RewoundError('REPORT_UNSUPPORTED', `${MATCHES_FILE} is not as an audit wrote it.`, {
      help: 'Run the same audit again to replace the file.',
    });
  }
  // By one rule for everybody: a list of the pictures of members alone would say who the members are.
  const pictures = [...new Set(rows.data.map(([picture]) => picture))];
  await putFile(to, pictures.map((picture) => `${picture}\n`).join(''));
  const { drawn = 0, pictures: all = 0 } = report.published ?? {};
  stdout.line(`${count(pictures.length)} of ${count(drawn)} pictures resemble a member or a control: ${to}`);
  if (drawn < all) {
    stdout.line(`${count(all - drawn)} pictures of the set were not drawn for this audit, and not looked at.`);
  }
  stdout.line(
    `They were found with ${report.results.map(({ recognizer }) => recognizer.name).join(', ')}. An audit of what is left says little if it uses the same recognizer: what it could find is gone.`,
  );
  return 0;
}

/** The report of an audit of pictures in which names are names. Throws REPORT_UNSUPPORTED. */
async function reportOf(folder: string): Promise<Report> {
  const path = join(folder, 'report.json');
  await requireFile(path);
  const report = parseReport(await named(path, 'read', () => readFile(path, 'utf8')));
  if (!report.published) {
    throw new RewoundError(
      'REPORT_UNSUPPORTED',
      'This is the report of a generator, which has no pictures to keep back.',
      {
        help: 'Audit the pictures that are to be published: "rewound audit PICTURES --members ... --controls ...".',
      },
    );
  }
  if (report.published.above === null) {
    throw new RewoundError('REPORT_UNSUPPORTED', 'This audit has no threshold, as it had no controls.', {
      help: 'Run it again with --controls.',
    });
  }
  if (report.matches.some(({ picture }) => picture !== undefined && /^picture \d+$/.test(picture))) {
    throw new RewoundError('REPORT_UNSUPPORTED', 'This report has numbers in the place of the names of pictures.', {
      help: 'Run the audit again without --pseudonyms: the work is done, so it takes only as long as the report.',
    });
  }
  return report;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
