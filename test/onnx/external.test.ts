import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../shared/onnx/graph.ts';
import { summarize } from '../../shared/onnx/model.ts';
import { Runtime } from '../../shared/onnx/runtime.ts';
import { MessageWriter } from '../../shared/onnx/wire.ts';
import { canary, notesReads } from '../support/canary.ts';
import { externalTensor, knownPlace, unknownPlace } from '../support/onnx/places.ts';
import { sharedData } from '../support/shared-data.ts';
import { tempDir } from '../support/temp.ts';

const hostile = sharedData('hostile');
const refused = (code: RegExp) => expect.objectContaining({ code: expect.stringMatching(code) });

describe('a tensor whose values are in another file', () => {
  it('is listed wherever the format has a place for it', () => {
    fc.assert(
      fc.property(knownPlace, (place) => {
        expect(summarize(place(externalTensor('weights/w.bin'))).externalFiles).toEqual(['weights/w.bin']);
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused with its model at a place that the format does not have', () => {
    fc.assert(
      fc.property(unknownPlace, (place) => {
        expect(() => summarize(place(externalTensor('w.bin')))).toThrow(refused(/^CHECKPOINT_UNSUPPORTED$/));
      }),
      { numRuns: 2000 },
    );
  });

  it('names every file it mentions, as a runtime may take the first or the last', () => {
    const entry = (value: string) => new MessageWriter().string(1, 'location').string(2, value);
    const tensor = new MessageWriter().int(1, 1).int(2, 1).message(13, entry('b')).message(13, entry('a')).int(14, 1);
    fc.assert(
      fc.property(knownPlace, (place) => {
        expect(summarize(place(tensor)).externalFiles).toEqual(['a', 'b']);
      }),
    );
  });

  it.each([
    '',
    '.',
    '..',
    './',
    '../w.bin',
    'a/../../w.bin',
    'a//w.bin',
    'a/./w.bin',
    '/etc/passwd',
    '\\\\server\\share',
    'a\\..\\w.bin',
    'C:w.bin',
    'file:w.bin',
    'w.bin\0.txt',
    'w\u001b[2J.bin',
    // What the runtime itself writes in place of a file name for weights that are at an address in memory.
    '*/_ORT_MEM_ADDR_/*',
  ])('is refused in %j', (location) => {
    fc.assert(
      fc.property(knownPlace, (place) => {
        expect(() => summarize(place(externalTensor(location)))).toThrow(refused(/^CHECKPOINT_UNSAFE$/));
      }),
      { numRuns: 20 },
    );
  });

  it.each(['w.bin', './w.bin', 'model.onnx_data', 'weights/onnx__MatMul_12', 'Gewichte ä.bin', '..w', 'a/b/c'])(
    'is listed in %j',
    (location) => {
      const graph = new MessageWriter().message(5, externalTensor(location));
      const model = new MessageWriter().int(1, 8).message(7, graph).message(8, new MessageWriter().int(2, 17));
      expect(summarize(model.finish()).externalFiles).toEqual([location]);
    },
  );

  it('is a part that is written once: two, which a runtime would join, are refused', () => {
    const half = (bytes: MessageWriter) => new MessageWriter().string(4, 'Constant').message(5, bytes);
    const attribute = new MessageWriter()
      .string(1, 'value')
      .message(5, new MessageWriter().int(1, 4).int(2, 1))
      .message(5, externalTensor('w.bin'));
    const graph = new MessageWriter().message(1, half(attribute));
    const model = new MessageWriter().int(1, 8).message(7, graph).message(8, new MessageWriter().int(2, 17));
    expect(() => summarize(model.finish())).toThrow(refused(/^CHECKPOINT_CORRUPT$/));
  });
});

/** Every weight of a model that adds one to its input, in another file. */
function adding(location: string): Uint8Array {
  const graph = new GraphBuilder('adding');
  const x = graph.input('x', 'float32', [1024]);
  graph.output('y', graph.op('Add', [x, graph.externalWeight(location, [1024])]), 'float32', [1024]);
  return graph.model();
}

describe('the runtime', () => {
  it('never reads a file that it was not given, below the working directory or beside it', async (test) => {
    const folder = tempDir();
    test.skip(!notesReads(join(folder, 'check')), 'this file system does not note that a file was read');
    const files = ['w.bin', 'below/w.bin', '../w.bin'].map((path) => canary(join(folder, 'here', path)));
    const control = canary(join(folder, 'here', 'control.bin'));
    const locations = fc.constantFrom('w.bin', 'below/w.bin', '../w.bin', join(folder, 'here', 'w.bin'));
    const runtime = new Runtime({ device: 'cpu', threads: 1 });
    const before = process.cwd();
    process.chdir(join(folder, 'here'));
    try {
      // As it comes, the runtime does: that the files below stay unread is not for want of trying.
      await (await InferenceSession.create(adding('control.bin'))).release();
      expect(control.wasRead()).toBe(true);
      await expect(runtime.open('test', adding('w.bin'))).rejects.toThrow(/does not exist/);
      await fc.assert(
        fc.asyncProperty(fc.oneof(knownPlace, unknownPlace), locations, async (place, location) => {
          // A model whose tensor the runtime ignores may load; one that needs it may not.
          const model = await runtime.open('test', place(externalTensor(location, 1024))).catch(() => undefined);
          await model?.release();
        }),
        { numRuns: 300 },
      );
    } finally {
      process.chdir(before);
    }
    expect(files.map((file) => file.wasRead())).toEqual([false, false, false]);
  });

  it.runIf(hostile)('refuses a file that is named in the default of a function', async () => {
    const model = readFileSync(join(hostile!, 'function-default-external.onnx'));
    expect(summarize(model).externalFiles).toEqual(['SECRETCWD.bin']);
    const runtime = new Runtime({ device: 'cpu', threads: 1 });
    await expect(runtime.open('test', model)).rejects.toThrow(/SECRETCWD/);
  });
});
