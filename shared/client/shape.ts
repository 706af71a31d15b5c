/**
 * What an answer looks like, as data: enough of a schema that its type is true, and no more. Fields that are not named
 * are passed over, so that a service may say more than this client knows.
 */
export type Shape =
  | 'string'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'null'
  | 'unknown'
  | { readonly ref: string }
  | { readonly enum: readonly (string | number | boolean | null)[] }
  | { readonly any: readonly Shape[] }
  | { readonly list: Shape }
  | { readonly tuple: readonly Shape[] }
  | { readonly map: Shape }
  | { readonly fields: Readonly<Record<string, Shape>>; readonly optional: readonly string[] };

/** Where in `value` it is not of this shape, such as `.items.3.state`; undefined if it is. */
export function misfit(
  shape: Shape,
  value: unknown,
  named: Readonly<Record<string, Shape>>,
  at = '',
): string | undefined {
  if (typeof shape === 'string') return isPlain(shape, value) ? undefined : at || '.';
  if ('ref' in shape) return misfit(named[shape.ref] ?? 'unknown', value, named, at);
  if ('enum' in shape) return shape.enum.some((one) => one === value) ? undefined : at || '.';
  if ('any' in shape) {
    const places = shape.any.map((one) => misfit(one, value, named, at));
    // Of several that do not fit, the one that came furthest is the one that was meant.
    return places.includes(undefined) ? undefined : places.reduce((a = '', b = '') => (b.length > a.length ? b : a));
  }
  if ('list' in shape || 'tuple' in shape) {
    if (!Array.isArray(value) || ('tuple' in shape && value.length !== shape.tuple.length)) return at || '.';
    return first(
      value.map((item, i) => misfit('list' in shape ? shape.list : shape.tuple[i]!, item, named, `${at}.${i}`)),
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return at || '.';
  const entries = new Map<string, unknown>(Object.entries(value));
  if ('map' in shape) return first([...entries].map(([key, item]) => misfit(shape.map, item, named, `${at}.${key}`)));
  return first(
    Object.entries(shape.fields).map(([key, field]) => {
      if (entries.get(key) === undefined && shape.optional.includes(key)) return undefined;
      return misfit(field, entries.get(key), named, `${at}.${key}`);
    }),
  );
}

function isPlain(shape: Extract<Shape, string>, value: unknown): boolean {
  if (shape === 'unknown') return true;
  if (shape === 'null') return value === null;
  if (shape === 'integer') return Number.isInteger(value);
  return typeof value === shape;
}

function first(places: readonly (string | undefined)[]): string | undefined {
  return places.find((place) => place !== undefined);
}
