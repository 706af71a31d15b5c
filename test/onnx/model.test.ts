import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder, NodeList, valueInfo } from '../../shared/onnx/graph.ts';
import { extendModel, summarize } from '../../shared/onnx/model.ts';
import { MessageWriter, readFields } from '../../shared/onnx/wire.ts';
import { bareModel } from '../support/bare-model.ts';
import { asOpset, tinyGenerator } from '../support/tiny-generator.ts';

const corrupt = expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' });

/** A tensor whose values lie in another file. */
function external(name: string, location: string, reversed = false): MessageWriter {
  const entry = new MessageWriter();
  if (reversed) entry.string(2, location).string(1, 'location');
  else entry.string(1, 'location').string(2, location);
  return new MessageWriter().int(1, 4).int(2, 1).string(8, name).message(13, entry).int(14, 1);
}

const node = (attribute: MessageWriter) => new MessageWriter().string(4, 'If').message(5, attribute);
const withGraph = (graph: MessageWriter) => bareModel({ inputs: [], outputs: [], graph });

describe('a summary', () => {
  it('has inputs, outputs, versions and the number of weights', () => {
    expect(summarize(tinyGenerator())).toMatchObject({
      producer: 'rewound',
      irVersion: 8,
      opsets: new Map([['', 17]]),
      inputs: [{ name: 'z', type: 'float32', dims: ['n', 8] }],
      outputs: [{ name: 'image', type: 'float32', dims: ['n', 3, 32, 32] }],
      parameters: 8 * 3 * 32 * 32,
      externalFiles: [],
    });
  });

  it('leaves weights out of the inputs, where old files list them', () => {
    const weight = new MessageWriter().int(1, 3).int(2, 1).string(8, 'w').bytes(9, new Uint8Array(12));
    const model = bareModel({
      inputs: [
        ['w', 'float32', [3]],
        ['z', 'float32', [1, 3]],
      ],
      outputs: [['y', 'float32', [1, 3]]],
      graph: new MessageWriter().message(5, weight),
    });
    const summary = summarize(asOpset(model, 7, 3));
    expect(summary.inputs.map(({ name }) => name)).toEqual(['z']);
    expect(summary.parameters).toBe(3);
  });

  it('tells a free extent, a missing shape and an unknown type', () => {
    const { inputs } = summarize(
      bareModel({
        inputs: [
          ['a', 'float32', ['batch', -1, 4]],
          ['b', 'float64'],
          ['c', 'string', []],
        ],
        outputs: [],
      }),
    );
    expect(inputs).toEqual([
      { name: 'a', type: 'float32', dims: ['batch', -1, 4] },
      { name: 'b', type: 'float64' },
      { name: 'c', type: 'type 8', dims: [] },
    ]);
  });

  it('has every operator domain, the standard one by either of its names', () => {
    const opset = (domain: string, version: number) => new MessageWriter().string(1, domain).int(2, version);
    const model = new MessageWriter()
      .int(1, 8)
      .message(7, new MessageWriter())
      .message(8, opset('ai.onnx', 13))
      .message(8, opset('com.microsoft', 1));
    expect(summarize(model.finish()).opsets).toEqual(
      new Map([
        ['', 13],
        ['com.microsoft', 1],
      ]),
    );
  });
});

describe('files with weights outside the model are found', () => {
  const attribute = (number: number, value: MessageWriter) => new MessageWriter().string(1, 'a').message(number, value);

  it('in initializers', () => {
    const graph = new MessageWriter().message(5, external('a', 'b.bin')).message(5, external('b', 'a.bin'));
    expect(summarize(withGraph(graph)).externalFiles).toEqual(['a.bin', 'b.bin']);
  });

  it('whichever of key and value comes first', () => {
    const graph = new MessageWriter().message(5, external('w', 'w.bin', true));
    expect(summarize(withGraph(graph)).externalFiles).toEqual(['w.bin']);
  });

  it.each([
    ['a constant', attribute(5, external('', 'w.bin'))],
    ['a list of constants', attribute(10, external('', 'w.bin'))],
    ['a subgraph', attribute(6, new MessageWriter().message(5, external('w', 'w.bin')))],
    ['a list of subgraphs', attribute(11, new MessageWriter().message(5, external('w', 'w.bin')))],
    [
      'a constant of a subgraph of a subgraph',
      attribute(
        6,
        new MessageWriter().message(
          1,
          node(attribute(6, new MessageWriter().message(1, node(attribute(5, external('', 'w.bin')))))),
        ),
      ),
    ],
    ['a sparse constant', attribute(22, new MessageWriter().message(1, external('', 'w.bin')))],
    ['a list of sparse constants', attribute(23, new MessageWriter().message(2, external('', 'w.bin')))],
  ])('in %s', (_, value) => {
    expect(summarize(withGraph(new MessageWriter().message(1, node(value)))).externalFiles).toEqual(['w.bin']);
  });

  it('in sparse initializers', () => {
    const graph = new MessageWriter().message(15, new MessageWriter().message(1, external('w', 'w.bin')));
    expect(summarize(withGraph(graph)).externalFiles).toEqual(['w.bin']);
  });

  it('in functions of the model', () => {
    const body = new MessageWriter().string(1, 'f').message(7, node(attribute(5, external('', 'w.bin'))));
    const model = new MessageWriter()
      .int(1, 8)
      .message(7, new MessageWriter())
      .message(8, new MessageWriter().int(2, 17))
      .message(25, body);
    expect(summarize(model.finish()).externalFiles).toEqual(['w.bin']);
  });
});

describe('what is no ONNX model is CHECKPOINT_CORRUPT', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('{"latent": {}}')],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
    ['a message without a graph', new MessageWriter().int(1, 8).message(8, new MessageWriter().int(2, 17)).finish()],
    ['a message without versions', new MessageWriter().int(1, 8).message(7, new MessageWriter()).finish()],
    ['a graph that is a number', new MessageWriter().int(1, 8).int(7, 1).finish()],
    [
      'two graphs, which a runtime would join',
      new MessageWriter()
        .int(1, 8)
        .message(7, new MessageWriter().message(5, external('w', 'w.bin')))
        .message(7, new MessageWriter())
        .message(8, new MessageWriter().int(2, 17))
        .finish(),
    ],
  ])('%s', (_, bytes) => {
    expect(() => summarize(bytes)).toThrow(corrupt);
  });

  it('graphs inside graphs without end', () => {
    let graph = new MessageWriter();
    for (let i = 0; i < 40; i++) {
      graph = new MessageWriter().message(1, node(new MessageWriter().string(1, 'body').message(6, graph)));
    }
    expect(() => summarize(withGraph(graph))).toThrow(corrupt);
  });

  it('a model cut short anywhere, and never another error', () => {
    const whole = tinyGenerator({ side: 16 });
    for (let length = 0; length < whole.length; length += length < 400 ? 1 : 499) {
      expect(() => summarize(whole.subarray(0, length))).toThrow(corrupt);
    }
  });

  it('a model with damaged bytes is read, or refused by its code', () => {
    const whole = tinyGenerator({ side: 16 });
    const damage = fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, (changes) => {
        const damaged = whole.slice();
        for (const [at, value] of changes) damaged[damaged.length - 1 - at] = value;
        try {
          summarize(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^CHECKPOINT_(CORRUPT|UNSUPPORTED|UNSAFE)$/) });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('an extended model', () => {
  const model = tinyGenerator({ side: 16 });
  const list = new NodeList('rewound/');
  list.rename(list.op('Mul', ['image', list.scalar(2)]), 'twice');
  const extended = extendModel(model, list.nodes, [valueInfo('twice', 'float32', ['n', 3, 16, 16])]);

  /** Fields other than the graph's outputs and those nodes that were appended, by their bytes. */
  function kept(bytes: Uint8Array, nodes: number): unknown[] {
    return [...readFields(bytes)].flatMap((field) => {
      if (field.number !== 7 || field.wire !== 2) return [field];
      let seen = 0;
      return [...readFields(field.bytes)].filter(({ number }) => number !== 12 && (number !== 1 || seen++ < nodes));
    });
  }

  it('keeps everything of the host but its outputs', () => {
    const { nodes } = summarize(model);
    expect(kept(extended, nodes)).toEqual(kept(model, nodes));
    expect(summarize(extended).nodes).toBe(nodes + list.nodes.length);
  });

  it('gives the new outputs, from the old ones', async () => {
    const z = new Tensor(
      'float32',
      Float32Array.from({ length: 8 }, (_, i) => i / 8),
      [1, 8],
    );
    const before = await InferenceSession.create(model);
    const after = await InferenceSession.create(extended);
    const { image } = await before.run({ z });
    const { twice } = await after.run({ z });
    expect(after.outputNames).toEqual(['twice']);
    expect(twice!.data).toEqual((image!.data as Float32Array).map((value) => 2 * value));
    await before.release();
    await after.release();
  });

  it('does not clash with names of the host', async () => {
    const graph = new GraphBuilder('clash');
    const x = graph.input('x', 'float32', [1]);
    graph.output('y', graph.op('Add', [x, graph.scalar(1)]), 'float32', [1]);
    const nodes = new NodeList('rewound/');
    nodes.rename(nodes.op('Add', ['y', nodes.scalar(1)]), 'rewound/out');
    const both = extendModel(graph.model(), nodes.nodes, [valueInfo('rewound/out', 'float32', [1])]);
    const session = await InferenceSession.create(both);
    const results = await session.run({ x: new Tensor('float32', Float32Array.of(1), [1]) });
    expect(results['rewound/out']!.data[0]).toBe(3);
    await session.release();
  });
});
