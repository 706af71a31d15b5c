/** Reads and writes labels.csv: who an embedding shows. */
import { RewoundError } from '../errors.ts';

/** Who an embedding shows. */
export interface Label {
  readonly identity: string;
  readonly photo: string;
}

function mismatch(message: string): RewoundError {
  return new RewoundError('GALLERY_MISMATCH', message, {
    help: 'The file needs a header line with "identity" (and, if you like, "photo") and one line for each row of the .npy file.',
  });
}

/** Reads labels.csv (RFC 4180): a header with `identity` and perhaps `photo`, one line a row. Throws GALLERY_MISMATCH. */
export function decodeLabels(text: string): Label[] {
  const [header, ...lines] = parseCsv(text.replace(/^\uFEFF/, ''));
  const identity = header?.indexOf('identity') ?? -1;
  const photo = header?.indexOf('photo') ?? -1;
  if (identity < 0) throw mismatch('The labels have no column "identity".');
  return lines.map((line, row) => {
    const name = line[identity];
    if (!name) throw mismatch(`Line ${row + 2} of the labels names no identity.`);
    return { identity: name, photo: (photo >= 0 && line[photo]) || String(row) };
  });
}

export function encodeLabels(labels: readonly Label[]): string {
  const cell = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return ['identity,photo', ...labels.map((label) => `${cell(label.identity)},${cell(label.photo)}`), ''].join('\n');
}

function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || cell !== '') rows.push(row);
    row = [];
    cell = '';
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === ',') {
      row.push(cell);
      cell = '';
    } else if (character === '\n') endRow();
    else if (character !== '\r') cell += character;
  }
  if (quoted) throw mismatch('A quoted cell of the labels does not end.');
  endRow();
  return rows;
}
