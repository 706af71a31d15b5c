/** Makes text from files, people and servers safe for a terminal: what would act on it, or hide in it, is shown instead. */

/**
 * Characters that move a cursor, change colours, turn the direction of text or take no room at all: control characters
 * (C0, DEL, C1), format characters (bidirectional overrides, zero-width characters), separators of lines and
 * paragraphs, lone surrogates, and the block of tags and of selectors of variants, which can hold a hidden text.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|[\u2065\u{e0000}-\u{e0fff}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value within a line: each unsafe character, line breaks included, as a visible escape such as \u001b. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (sign) => SHORT[sign] ?? escaped(sign));
}

/** A text whose line breaks are its layout: as `printable`, but these stay. */
export function printableLines(text: string): string {
  return text.replace(UNSAFE, (sign) => (sign === '\n' ? sign : (SHORT[sign] ?? escaped(sign))));
}

/** Bytes that should be UTF-8: those that are not as escapes such as \xe9, the rest as they are. */
export function textOfBytes(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    const sign = length === 0 ? undefined : decoded(bytes.subarray(at, at + length));
    text += sign ?? `\\x${lead.toString(16).padStart(2, '0')}`;
    at += sign === undefined ? 1 : length;
  }
  return text;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A JSON document: unsafe characters, which JSON allows within strings, as the escapes that mean the same. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE, (sign) => (sign === '\n' ? sign : units(sign)));
}

function escaped(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : units(sign);
}

/** Each UTF-16 unit as JSON and JavaScript write it. */
function units(sign: string): string {
  return sign.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
