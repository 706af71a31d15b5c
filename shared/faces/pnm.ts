/** Pixels as sharp takes and gives them: 8 bits, interleaved. */
export interface RawImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

const MAX_PIXELS = 100_000_000;

/** Whether the bytes begin like a PGM or PPM file. */
export function isPnm(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && [0x32, 0x33, 0x35, 0x36].includes(bytes[1] ?? 0) && isSpace(bytes[2]);
}

function isSpace(byte: number | undefined): boolean {
  return byte !== undefined && (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

/**
 * Decodes PGM and PPM (netpbm.sourceforge.net/doc/pgm.html), which face collections use and sharp does not read:
 * P2, P3, P5, P6 with up to 16 bits a sample, scaled to 8. Throws where the file is none.
 */
export function decodePnm(bytes: Uint8Array): RawImage {
  let at = 2;
  const number = (): number => {
    for (;;) {
      if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 0x0a) at++;
      else if (isSpace(bytes[at])) at++;
      else break;
    }
    let value = -1;
    for (let digit = bytes[at]; digit !== undefined && digit >= 0x30 && digit <= 0x39; digit = bytes[++at]) {
      value = Math.max(value, 0) * 10 + digit - 0x30;
      if (value > MAX_PIXELS) throw new Error('a number in the netpbm file is too large');
    }
    if (value < 0) throw new Error('the netpbm file is damaged');
    return value;
  };
  const kind = bytes[1]! - 0x30;
  const width = number();
  const height = number();
  const largest = number();
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const samples = width * height * channels;
  if (!isPnm(bytes) || width < 1 || height < 1 || samples > MAX_PIXELS || largest < 1 || largest > 65535) {
    throw new Error('the netpbm header is not valid');
  }
  // Before anything is allocated: each sample has a byte or two, or a digit and what parts it from the next.
  const least = kind <= 3 ? 2 * samples - 1 : 1 + samples * (largest > 255 ? 2 : 1);
  if (bytes.length - at < least) throw new Error('the netpbm file is cut short');
  const data = new Uint8Array(samples);
  const scale = 255 / largest;
  if (kind <= 3) {
    for (let i = 0; i < samples; i++) data[i] = Math.min(255, Math.round(number() * scale));
    return { data, width, height, channels };
  }
  at += 1;
  const wide = largest > 255;
  for (let i = 0; i < samples; i++) {
    const value = wide ? bytes[at + 2 * i]! * 256 + bytes[at + 2 * i + 1]! : bytes[at + i]!;
    data[i] = Math.min(255, Math.round(value * scale));
  }
  return { data, width, height, channels };
}
