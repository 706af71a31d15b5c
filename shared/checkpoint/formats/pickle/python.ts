/** Models Python's own containers. */
import { bytesInMemory, bytesOf, globalOf, itemsOf, latin1Bytes, textOf } from './arguments.ts';
import {
  type CallContext,
  type Constructor,
  Dict,
  Instance,
  LongText,
  Misfit,
  type PickleValue,
  Sequence,
} from './values.ts';

/** dict(), dict(dict), dict(pairs). */
function dictOf(from: PickleValue | undefined, { spendCopies }: CallContext): Dict {
  const dict = new Dict();
  if (from === undefined) return dict;
  if (from instanceof Dict) {
    spendCopies(from.entries.size);
    for (const [key, value] of from.entries) dict.entries.set(key, value);
    return dict;
  }
  const pairs = itemsOf(from, 'the entries of a dictionary');
  spendCopies(pairs.length);
  for (const pair of pairs) {
    const [key, value] = itemsOf(pair, 'an entry of a dictionary');
    if (key === undefined || value === undefined) throw new Misfit('an entry of a dictionary is no pair');
    if (key === null || typeof key !== 'object') dict.entries.set(key, value);
  }
  return dict;
}

const dict: Constructor = { call: ([from], context) => dictOf(from, context) };

function sequence(kind: 'tuple' | 'list' | 'set'): Constructor {
  return {
    call([from], { spendCopies }) {
      if (from === undefined) return new Sequence(kind, []);
      const items = from instanceof Sequence ? from.items : itemsOf(from, `a ${kind}`);
      spendCopies(items.length);
      return new Sequence(kind, [...items]);
    },
  };
}

/** _codecs.encode(text, 'latin1'): how protocol 2 writes bytes. */
const encode: Constructor = {
  call([text, encoding], { spendText }) {
    if (!/^(latin-?1|iso-?8859-?1)$/i.test(textOf(encoding, 'an encoding'))) {
      throw new Misfit('bytes are written as a text in another encoding than latin1');
    }
    if (text instanceof LongText) return text.latin1();
    const characters = textOf(text, 'the text of bytes');
    spendText(characters.length);
    return latin1Bytes(characters, 'the text of bytes');
  },
};

/** bytes() and bytearray(): empty, or what _codecs.encode would make. */
const bytes: Constructor = {
  call(args, context) {
    const [data, encoding] = args;
    if (data === undefined) return bytesInMemory(new Uint8Array(0));
    return encoding === undefined ? bytesOf(data, 'the value of bytes') : encode.call!(args, context);
  },
};

/** copyreg._reconstructor(class, base, state of base): how protocols 0 and 1 write objects. */
const reconstructor: Constructor = {
  call([type, , state], { spendCopies }) {
    const { constructs, module, name } = globalOf(type, 'a class');
    if (!constructs.make) throw new Misfit(`${module}.${name} is not made that way`);
    const made = constructs.make();
    if (made instanceof Instance && state instanceof Dict) {
      spendCopies(state.entries.size);
      for (const [key, value] of state.entries) made.entries.entries.set(key, value);
    }
    return made;
  },
};

/** Names that stand for a type where one is written as a value, and are never called. */
const TYPES = ['object', 'int', 'float', 'bool', 'str', 'long', 'unicode'];

/** Python's own containers, and the oddities of its pickles. */
export const PYTHON_GLOBALS: ReadonlyMap<string, Constructor> = new Map<string, Constructor>([
  ['collections OrderedDict', dict],
  ['collections Counter', dict],
  // The function that makes missing entries is not kept.
  ['collections defaultdict', { call: ([, from], context) => dictOf(from, context) }],
  ['_codecs encode', encode],
  ['copy_reg _reconstructor', reconstructor],
  ['copyreg _reconstructor', reconstructor],
  // Python 2's name, then Python 3's.
  ...['__builtin__', 'builtins'].flatMap((builtins): [string, Constructor][] => [
    [`${builtins} set`, sequence('set')],
    [`${builtins} frozenset`, sequence('set')],
    [`${builtins} list`, sequence('list')],
    [`${builtins} tuple`, sequence('tuple')],
    [`${builtins} dict`, dict],
    [`${builtins} bytes`, bytes],
    [`${builtins} bytearray`, bytes],
    ...TYPES.map((name): [string, Constructor] => [`${builtins} ${name}`, {}]),
  ]),
]);
