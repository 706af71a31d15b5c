/** Writes lines of CSV (RFC 4180). */

/** One line, without the line break. Cells that hold a separator, a quote, a space or a line break are quoted. */
export function csvLine(cells: readonly (string | number)[]): string {
  return cells.map((value) => cell(String(value))).join(',');
}

function cell(value: string): string {
  return /[",;\t\r\n ]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
