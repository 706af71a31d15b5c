import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../shared/checkpoint/formats/load.ts';
import { type ByteSource, bytesSource } from '../../shared/checkpoint/formats/source.ts';
import { RewoundError } from '../../shared/errors.ts';
import { NETWORK, SAVED } from '../support/checkpoint/every-container.ts';
import { nvlabsPickle } from '../support/checkpoint/nvlabs-writer.ts';
import { bytesOf, Call, Global, type Py, pickle, Raw, Tuple, u32, u64 } from '../support/checkpoint/pickler.ts';
import { floatTensor, type Shape, torchEntries, torchLegacy, torchZip } from '../support/checkpoint/torch-writer.ts';
import { type Entry, zipOf } from '../support/checkpoint/zip-writer.ts';
import { sharedData } from '../support/shared-data.ts';

function load(bytes: Uint8Array) {
  return loadCheckpoint(bytesSource(bytes));
}

function errorOf(bytes: Uint8Array): RewoundError {
  try {
    load(bytes);
  } catch (error) {
    if (error instanceof RewoundError) return error;
    throw error;
  }
  throw new Error('It was read.');
}

const fails = (code: string, part: string) => expect.objectContaining({ code, message: expect.stringContaining(part) });

/** A good file with one more entry in its dictionary: what is refused then. */
function refusedIn(value: Py): string[] {
  const shape: Shape = (tensors) => new Map<Py, Py>([...tensors, ['extra', value]]);
  const loaded = load(torchZip({ w: floatTensor([2], [1, 2]) }, 'archive', shape));
  expect([...(loaded.stateDicts.get('')?.get('w')?.floats() ?? [])]).toEqual([1, 2]);
  return loaded.findings.filter(({ refused }) => refused).map(({ global }) => global);
}

const PROTO = '\x80\x04';
const text = (value: string) => bytesOf('\x8c', value.length, value);
const call = (module: string, name: string, ...args: Py[]) => new Call(new Global(module, name), args);

describe('code that is named is refused, and the rest read', () => {
  it.each<[string, Py, string[]]>([
    ['os.system', call('os', 'system', 'id'), ['os.system']],
    ['eval', call('builtins', 'eval', '1'), ['builtins.eval']],
    ['a class to make', new Call(new Global('subprocess', 'Popen'), [], { make: true }), ['subprocess.Popen']],
    ['getattr in a chain', call('builtins', 'getattr', call('builtins', 'getattr', 1, 'a'), 'b'), ['builtins.getattr']],
    ['attrgetter', new Call(call('operator', 'attrgetter', 'system'), [1]), ['operator.attrgetter']],
    ['partial', new Call(call('functools', 'partial', 1), []), ['functools.partial']],
    ['pip', call('pip', 'main', ['install', 'x']), ['pip.main']],
    ['timeit', call('timeit', 'timeit', 'import os'), ['timeit.timeit']],
    ['runpy', call('runpy', '_run_code', 'x'), ['runpy._run_code']],
    ['code within torch', call('torch.serialization', 'load', 'x'), ['torch.serialization.load']],
    [
      'code within numpy',
      call('numpy.testing._private.utils', 'runstring', 'x'),
      ['numpy.testing._private.utils.runstring'],
    ],
    [
      'a dotted name',
      new Raw(text('torch._utils'), text('_rebuild_tensor_v2.__globals__'), 0x93),
      ['torch._utils._rebuild_tensor_v2.__globals__'],
    ],
    [
      'a module in the name',
      new Raw(text('torch'), text('_utils._rebuild_tensor_v2'), 0x93),
      ['torch._utils._rebuild_tensor_v2'],
    ],
    ['a name split by a space', new Raw('ctorch._utils _rebuild\n_tensor_v2\n'), ['torch._utils _rebuild._tensor_v2']],
    [
      'names from the memo',
      new Raw(text('os'), 'r', u32(900), '0', text('system'), 'r', u32(901), '0j', u32(900), 'j', u32(901), 0x93, ')R'),
      ['os.system'],
    ],
    [
      'a memo overwritten',
      new Raw(text('torch'), 'r', u32(900), '0', text('os'), 'r', u32(900), '0j', u32(900), text('system'), 0x93),
      ['os.system'],
    ],
    ['names duplicated', new Raw(text('os'), '2', 0x93), ['os.os']],
    ['INST', new Raw('(X', u32(2), 'idios\nsystem\n'), ['os.system']],
    ['OBJ of a known class', new Raw('(ctorch\nFloatStorage\no'), ['torch.FloatStorage by OBJ']],
    ['OBJ of an unknown class', new Raw('(cos\nsystem\nX', u32(2), 'ido'), ['os.system', 'an unnamed class by OBJ']],
    ['extensions', new Raw('(\x82\x01\x83\x01\x00\x84\x01\x00\x00\x00t'), ['extension 1']],
    ['a persistent id as text', new Raw('P0\n'), ['a persistent id as text']],
    ['a persistent id that is no storage', new Raw('X', u32(2), 'osQ'), ['a persistent id']],
    ['a buffer outside the file', new Raw('\x97\x98'), ['a buffer outside the file']],
    ['a type that is called', call('torch', 'FloatStorage', 5), ['torch.FloatStorage()']],
    [
      'a record made with arguments',
      new Call(new Global('argparse', 'Namespace'), [1], { make: true }),
      ['argparse.Namespace.__new__()'],
    ],
    ['a factory of missing entries', call('collections', 'defaultdict', new Global('os', 'system')), ['os.system']],
    [
      'an allowed call of refused arguments',
      call('torch._utils', '_rebuild_parameter', new Global('os', 'system')),
      ['os.system'],
    ],
    ['a key', new Map<Py, Py>([[new Global('os', 'system'), 1]]), ['os.system']],
  ])('%s', (_, value, globals) => {
    expect(refusedIn(value)).toEqual(globals);
  });

  it('attributes with names that mean something to a language are only names', () => {
    const state = new Map<Py, Py>([
      ['__class__', new Global('os', 'system')],
      ['__setstate__', new Global('os', 'system')],
      ['__reduce__', 1],
      ['__proto__', new Map([['polluted', 1]])],
      ['constructor', 2],
    ]);
    const record = new Call(new Global('argparse', 'Namespace'), [], { make: true, state });
    expect(refusedIn(new Tuple(record, state))).toEqual(['os.system']);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('source code in a persistent object stays a text', () => {
    const loaded = load(nvlabsPickle({ G_ema: NETWORK }, new Map()));
    expect(loaded.findings).toEqual([]);
    expect(JSON.stringify([...loaded.settings])).not.toContain('RuntimeError');
  });

  it('a file of nothing but code is unsafe', () => {
    const error = errorOf(pickle(call('posix', 'system', 'id'), 4));
    expect(error.code).toBe('CHECKPOINT_UNSAFE');
    expect(error.message).toContain('posix.system (byte');
  });

  it('code before a file breaks off is not run either', () => {
    expect(errorOf(bytesOf(PROTO, 'cos\nsystem\nX', u32(2), 'id\x85R', 0xff)).code).toBe('CHECKPOINT_CORRUPT');
  });

  it('names are shown without what a terminal would act on', () => {
    expect(refusedIn(new Raw('cos\x1b[2J\nsystem\n'))).toEqual(['os?[2J.system']);
  });

  it('ten thousand names', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => bytesOf(`ca${i}\nb\n`));
    expect(errorOf(bytesOf(PROTO, '(', ...names, 't.')).code).toBe('CHECKPOINT_UNSAFE');
  });
});

const bigEndian = new Call(new Global('numpy', 'dtype'), ['f4', false, true], {
  state: new Tuple(3, '>', null, null, null, -1, -1, 0),
});

describe('calls that are modelled take nothing but what fits', () => {
  const rebuild = new Global('torch._utils', '_rebuild_tensor_v2');
  it.each<[string, Py]>([
    ['a tensor without storage', new Call(rebuild, [1, 0, new Tuple(1), new Tuple(1)])],
    [
      'a tensor made by a function of choice',
      call('torch._tensor', '_rebuild_from_type_v2', new Global('builtins', 'set'), 0, new Tuple()),
    ],
    ['bytes in another encoding', call('_codecs', 'encode', 'x', 'rot13')],
    ['bytes that are none', call('_codecs', 'encode', 'Ā', 'latin1')],
    ['a file within a zip archive', call('torch.storage', '_load_from_bytes', Buffer.from('x'))],
    [
      'a persistent object without attributes',
      call('torch_utils.persistence', '_reconstruct_persistent_obj', new Map()),
    ],
    ['a big-endian number', call('numpy.core.multiarray', 'scalar', bigEndian, 'abcd')],
    ['a dtype without a code', call('numpy', 'dtype', 1)],
    ['a number too short', call('numpy.core.multiarray', 'scalar', call('numpy', 'dtype', 'f8', false, true), 'abc')],
    ['a reconstructed list', call('copyreg', '_reconstructor', new Global('builtins', 'list'), 0, null)],
    ['a state for a list', new Raw(']}b')],
    ['a state for code', new Raw('ctorch\nFloatStorage\n}b')],
    ['a text that is called', new Raw('X', u32(1), 'x)R')],
    ['code without a name', new Raw(']]\x93')],
    ['an item for a number', new Raw('K\x01Na')],
    ['an unhashable key', new Raw('}]Ns')],
    ['a nested key', new Raw('})\x85\x85Ns')],
    ['a key without a value', new Raw('}(Nu')],
    ['an argument that is no tuple', new Raw('ccollections\nOrderedDict\n]R')],
    ['an unknown opcode', new Raw('\xfe')],
    ['a value from nowhere', new Raw('000')],
    ['a value from the memo that is not there', new Raw('j', u32(77_777))],
    ['a negative length', new Raw('T', u32(0xffffffff))],
    ['a text that is not UTF-8', new Raw('X', u32(1), '\xff')],
    ['an integer of a thousand digits', new Raw(`I${'9'.repeat(1000)}\n`)],
    ['a number that is none', new Raw('Fhello\n')],
    ['a protocol to come', new Raw('\x80\x06')],
  ])('%s', (_, value) => {
    const write = value instanceof Raw ? bytesOf(PROTO, value.bytes, '.') : pickle(value);
    expect(errorOf(zipOf([{ name: 'a/data.pkl', bytes: write }])).code).toBe('CHECKPOINT_CORRUPT');
  });
});

describe('tensors stay within their storage', () => {
  const four = floatTensor([4], [1, 2, 3, 4]);
  it.each([
    ['too long', { ...four, shape: [5] }],
    ['beyond by its offset', { ...four, offset: 1 }],
    ['beyond by its strides', { ...four, shape: [2, 2], strides: [3, 1] }],
    ['an offset below zero', { ...four, shape: [1], offset: -1 }],
    ['strides below zero', { ...four, strides: [-1] }],
    ['a size below zero', { ...four, shape: [-1] }],
    ['of a size no number holds', { ...four, shape: [2 ** 40, 2 ** 40], strides: [0, 0] }],
    ['of a petabyte from one value', { ...four, shape: [2 ** 48], strides: [0] }],
    ['of more dimensions than there are', { ...four, shape: Array(40).fill(1), strides: Array(40).fill(1) }],
    ['with too few strides', { ...four, shape: [2, 2], strides: [1] }],
  ])('%s', (_, saved) => {
    expect(errorOf(torchZip({ w: saved }, 'a')).code).toBe('CHECKPOINT_CORRUPT');
    expect(errorOf(torchLegacy({ w: saved }, ['1'])).code).toBe('CHECKPOINT_CORRUPT');
  });
});

describe('bombs', () => {
  const nested = (levels: number) => bytesOf(PROTO, '('.repeat(levels), '.');
  it.each<[string, Uint8Array]>([
    ['marks within marks', nested(1_000_000)],
    ['lists within lists', bytesOf(PROTO, ']'.repeat(700_000), 'a'.repeat(699_999), '.')],
    ['tuples within tuples', bytesOf(PROTO, ')', '\x85'.repeat(1_400_000), '.')],
    // Each list holds the one before ten times.
    [
      'a billion laughs',
      bytesOf(
        PROTO,
        ']q\x00',
        ...Array.from({ length: 200 }, (_, i) => bytesOf('](', ...Array(10).fill(bytesOf('h', i)), 'eq', i + 1)),
        '.',
      ),
    ],
    ['a text of a terabyte', bytesOf(PROTO, '\x8d', u64(2 ** 40), '.')],
    ['a text of no safe length', bytesOf(PROTO, '\x8d', new Uint8Array(8).fill(255), '.')],
    ['bytes of a terabyte', bytesOf(PROTO, '\x8e', u64(2 ** 40), '.')],
    ['a frame of a terabyte', bytesOf(PROTO, '\x95', u64(2 ** 40), '.')],
    ['an integer of a gigabyte', bytesOf(PROTO, '\x8b', u32(2 ** 30), '.')],
    ['a line without an end', bytesOf('V', 'x'.repeat(2_000_000))],
    ['a million steps and more', bytesOf(PROTO, 'N0'.repeat(1_000_000), 'N.')],
    ['a stack without an end', bytesOf(PROTO, 'N'.repeat(1_400_000), '.')],
    [
      'one long list copied again and again',
      bytesOf(
        PROTO,
        '](',
        'N'.repeat(100_000),
        'e\x85q\x01ccollections\nCounter\nq\x020',
        'h\x02)R0'.repeat(10),
        'c__builtin__\nset\nq\x03',
        'h\x01R0h\x03'.repeat(100_000),
        '.',
      ),
    ],
    [
      'long arguments again and again',
      bytesOf(PROTO, '(', 'N'.repeat(100_000), 'tq\x010c__builtin__\nset\nq\x02', 'h\x01R0h\x02'.repeat(100_000), '.'),
    ],
    [
      'a long name again and again',
      bytesOf(PROTO, 'X', u32(16_000), 'a'.repeat(16_000), 'q\x010', 'h\x01h\x01\x930'.repeat(100_000), '.'),
    ],
    [
      'a long tuple as a key again and again',
      bytesOf(PROTO, '}(', 'N'.repeat(100_000), 'tq\x010', 'h\x01Ns'.repeat(100_000), '.'),
    ],
    [
      'a long state again and again',
      bytesOf(
        PROTO,
        '}(',
        ...Array.from({ length: 10_000 }, (_, i) => bytesOf('M', i & 255, i >> 8, 'N')),
        'uq\x010cargparse\nNamespace\n)\x81',
        'h\x01b'.repeat(100_000),
        '.',
      ),
    ],
    [
      'a text encoded again and again',
      bytesOf(
        PROTO,
        'X',
        u32(16_000),
        'a'.repeat(16_000),
        'X',
        u32(6),
        'latin1\x86q\x010c_codecs\nencode\nq\x02',
        'h\x01R0h\x02'.repeat(100_000),
        '.',
      ),
    ],
  ])('%s', (_, bytes) => {
    expect(errorOf(bytes).code).toMatch(/^CHECKPOINT_(CORRUPT|UNSUPPORTED)$/);
  });

  it('a network of networks, each twice in the next, is too large to walk through', () => {
    const empty = bytesOf(text('_parameters'), '}', text('_buffers'), '}', text('_modules'));
    const object = (modules: Uint8Array) => bytesOf('ctorch.nn.modules.module\nModule\n)\x81}(', empty, modules, 'ub');
    let network = object(bytesOf('}'));
    for (let i = 0; i < 40; i++) {
      network = bytesOf(network, 'q', i, '0', object(bytesOf('}(', text('a'), 'h', i, text('b'), 'h', i, 'u')));
    }
    expect(errorOf(bytesOf(PROTO, network, '.')).message).toContain('too many parts');
  });

  it('a network that holds itself', () => {
    const inner = bytesOf(text('_parameters'), '}', text('_modules'), '}', text('a'), 'h\x01s');
    const bytes = bytesOf(PROTO, 'ctorch.nn.modules.module\nModule\n)\x81q\x01}(', inner, 'ub.');
    expect(errorOf(bytes).message).toContain('contains itself');
  });

  it('settings are cut off where printing them would never end', () => {
    const laughs = Array.from({ length: 30 }, (_, i) => bytesOf('](', ...Array(10).fill(bytesOf('h', i)), 'eq', i + 1));
    expect(refusedIn(new Raw('(Nq\x00', ...laughs, 't'))).toEqual([]);
  });
});

describe('files within files', () => {
  const blob = (bytes: Uint8Array) =>
    pickle(new Map<Py, Py>([['a', call('torch.storage', '_load_from_bytes', bytes)]]), 4);

  it('are read one level deep', () => {
    const within: Shape = () => call('torch.storage', '_load_from_bytes', Buffer.from('deeper'));
    expect(errorOf(blob(torchLegacy({}, [], within))).message).toContain('within the file holds another');
  });

  it('hold a storage', () => {
    const evil: Shape = () => call('os', 'system', 'id');
    expect(errorOf(blob(torchLegacy({}, [], evil))).code).toBe('CHECKPOINT_CORRUPT');
    expect(errorOf(blob(pickle(call('os', 'system', 'id')))).code).toBe('CHECKPOINT_CORRUPT');
    expect(errorOf(blob(torchZip(SAVED, 'a'))).code).toBe('CHECKPOINT_CORRUPT');
  });
});

describe('zip archives that can be read in two ways', () => {
  const good = torchEntries({ w: floatTensor([2], [1, 2]) }, 'a');
  const [first, ...others] = good as [Entry, ...Entry[]];
  const evil = pickle(call('os', 'system', 'id'));
  it.each<[string, Uint8Array, string]>([
    ['a wrong checksum', zipOf([{ ...first, crc: 1 }, ...others]), 'checksum'],
    ['a wrong checksum, deflated', zipOf([{ ...first, crc: 1, deflate: true }, ...others]), 'checksum'],
    ['two entries of one name', zipOf([{ ...first, bytes: evil }, first, ...others]), 'two entries'],
    ['two pickles', zipOf([...good, { name: 'b/data.pkl', bytes: evil }]), 'several data.pkl'],
    ['another name in front of the contents', zipOf([{ ...first, localName: 'b/data.pkl' }, ...others]), 'in two ways'],
    ['an entry that claims to be encrypted', zipOf([{ ...first, flags: 0x809 }, ...others]), 'encrypted'],
    [
      'overlapping entries',
      zipOf([...good, { name: 'a/data.pkx', bytes: first.bytes, header: 0, localName: 'a/data.pkl' }]),
      'two ways',
    ],
    ['entries beyond the end', zipOf([...good, { name: 'x', bytes: evil, header: 2 ** 30 }]), 'directory'],
    ['an entry longer than the file', zipOf([...good, { name: 'x', bytes: evil, size: 2 ** 31 }]), 'directory'],
    ['a deflated entry of another length', zipOf([{ ...first, deflate: true, size: 10 }, ...others]), 'archive'],
    [
      'a deflated entry that cannot be that long',
      zipOf([{ ...first, deflate: true, size: 2 ** 31 }, ...others]),
      'directory',
    ],
    ['something after the end', bytesOf(zipOf(good), evil), 'added'],
    ['something before the beginning', bytesOf('PK\x03\x04', zipOf(good)), 'does not end as one'],
    [
      'something after the pickle',
      zipOf([{ ...first, bytes: bytesOf(first.bytes, evil) }, ...others]),
      'after the end of its pickle',
    ],
    ['a storage that is missing', zipOf([first]), 'missing'],
    ['a storage too short', zipOf([first, { name: 'a/data/0', bytes: new Uint8Array(7) }]), 'beyond the end'],
    ['no pickle', zipOf([{ name: 'readme.txt', bytes: evil }]), 'not one of PyTorch'],
    ['a program', zipOf([...good, { name: 'a/constants.pkl', bytes: evil }]), 'TorchScript'],
    ['another byte order', zipOf([...good, { name: 'a/byteorder', bytes: Buffer.from('big') }]), 'big-endian'],
    ['a pickle in front of an archive', bytesOf(evil, zipOf(good)), 'after the end'],
  ])('%s', (_, bytes, message) => {
    const error = errorOf(bytes);
    expect(error.code).toMatch(/^CHECKPOINT_/);
    expect(error.message).toContain(message);
  });

  it('an archive within an archive stays closed', () => {
    const loaded = load(zipOf([...good, { name: 'a/other.zip', bytes: zipOf([{ name: 'b/data.pkl', bytes: evil }]) }]));
    expect([...loaded.stateDicts.keys()]).toEqual(['']);
    expect(loaded.findings).toEqual([]);
  });

  /** Contents of which little is left when deflated, but more than is read at once to find what is where. */
  const bomb = new Uint8Array(2 ** 25 + 1);
  bomb.set(createHash('shake256', { outputLength: 250_000 }).digest());

  /** A file that keeps the length of the longest piece that was read of it. */
  function watched(bytes: Uint8Array) {
    const source = bytesSource(bytes);
    const seen = { longest: 0 };
    const file: ByteSource = {
      size: source.size,
      read(offset, length) {
        seen.longest = Math.max(seen.longest, length);
        return source.read(offset, length);
      },
      readInto(offset, target) {
        seen.longest = Math.max(seen.longest, target.length);
        source.readInto(offset, target);
      },
    };
    return { file, seen };
  }

  it('a pickle that would inflate to more than a pickle can be is not even read', () => {
    const { file, seen } = watched(zipOf([{ name: 'a/data.pkl', bytes: bomb, deflate: true }, ...others]));
    expect(file.size).toBeGreaterThan(200_000);
    expect(() => loadCheckpoint(file)).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_UNSUPPORTED', message: expect.stringContaining('33554433 bytes') }),
    );
    expect(seen.longest).toBeLessThan(100_000);
  });

  it('a storage that would inflate to more than its tensor is refused when it is asked for, and not before', () => {
    const { file, seen } = watched(zipOf([first, { ...others[0]!, bytes: bomb, deflate: true }]));
    const tensor = loadCheckpoint(file).stateDicts.get('')!.get('w')!;
    expect(() => tensor.floats()).toThrow(fails('CHECKPOINT_UNSUPPORTED', 'where at most 8 can be needed'));
    expect(seen.longest).toBeLessThan(100_000);
  });

  it('what is deflated and no larger than its use is read', () => {
    const loaded = load(zipOf(good.map((entry) => ({ ...entry, deflate: true }))));
    expect([...loaded.stateDicts.get('')!.get('w')!.floats()]).toEqual([1, 2]);
  });

  it('contents that are longer packed than they could be are damage', () => {
    const padded = { ...first, deflate: true, size: 10 };
    const long = { ...padded, bytes: Uint8Array.from({ length: 100_000 }, (_, i) => (i * 2654435761) >>> 13) };
    expect(errorOf(zipOf([long, ...others])).message).toContain('directory');
  });

  it('a bomb is not inflated beyond what it says', () => {
    const bomb = { ...first, bytes: new Uint8Array(50_000_000), deflate: true, size: first.bytes.length };
    expect(errorOf(zipOf([bomb, ...others])).message).toContain('archive');
  });
});

describe('legacy files', () => {
  const saved = { w: floatTensor([2], [1, 2]) };
  const good = torchLegacy(saved, ['7']);
  it.each<[string, Uint8Array, string]>([
    ['cut off', good.subarray(0, -1), 'ends'],
    ['something after the end', bytesOf(good, 0), 'after its last storage'],
    ['a storage of another length', changed(good, good.length - 16, 3), 'not as long'],
    ['a storage of a length below zero', changed(good, good.length - 9, 0xff), 'not as long'],
    ['storages of other keys', changed(good, good.lastIndexOf(0x37, good.length - 17), 0x38), 'storages'],
  ])('%s', (_, bytes, message) => {
    const error = errorOf(bytes);
    expect(error.code).toBe('CHECKPOINT_CORRUPT');
    expect(error.message).toContain(message);
  });
});

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return copy;
}

const folder = sharedData('hostile');

describe.runIf(folder)('files made to hurt', () => {
  it.each(folder ? readdirSync(folder) : [])('%s', (name) => {
    const error = errorOf(readFileSync(join(folder!, name)));
    expect(error.code).toMatch(name.startsWith('evil') ? /^CHECKPOINT_UNSAFE$/ : /^CHECKPOINT_(CORRUPT|UNSUPPORTED)$/);
  });
});
