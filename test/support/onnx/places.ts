/** Models with a tensor at any place where the format, or a later version of it, may have one. */
import fc from 'fast-check';
import { MessageWriter, readFields } from '../../../shared/onnx/wire.ts';

/** A float32 tensor of `values` values that are in the file `location`. */
export function externalTensor(location: string, values = 4): MessageWriter {
  const entry = new MessageWriter().string(1, 'location').string(2, location);
  return new MessageWriter().int(1, values).int(2, 1).string(8, 'w').message(13, entry).int(14, 1);
}

/** Puts a message into a field of another. The numbers are those of onnx.proto, written a second time on purpose. */
type Step = (inner: MessageWriter) => MessageWriter;

/** A step into field `number` of a message that has these strings besides. */
function into(number: number, ...strings: readonly (readonly [number, string])[]): Step {
  return (inner) => {
    const outer = new MessageWriter();
    for (const [at, value] of strings) outer.string(at, value);
    return outer.message(number, inner);
  };
}

const sparse = fc.constantFrom(into(1), into(2));
/** The steps from an attribute to a tensor. */
const inAttribute: fc.Arbitrary<readonly Step[]> = fc.oneof(
  fc.constantFrom([into(5, [1, 'value'])], [into(10, [1, 'values'])]),
  fc.tuple(fc.constantFrom(into(22, [1, 'sparse']), into(23, [1, 'sparse'])), sparse),
);
const node = into(1);
/** The steps from a graph to a tensor, through at most four graphs inside each other. */
const inGraph: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.array(
      fc.constantFrom(6, 11).map((number) => [node, into(5, [4, 'If']), into(number, [1, 'then_branch'])]),
      { maxLength: 4 },
    ),
    fc.oneof(
      fc.constant([into(5)]),
      sparse.map((part) => [into(15), part]),
      inAttribute.map((steps) => [node, into(5, [2, 'w'], [4, 'Constant']), ...steps]),
    ),
  )
  .map(([graphs, last]) => [...graphs.flat(), ...last]);
/** The steps from a model to a tensor: in its graph, in one of its training, in a function's body or in its defaults. */
const inModel: fc.Arbitrary<readonly Step[]> = fc.oneof(
  inGraph.map((steps) => [into(7), ...steps]),
  fc.tuple(fc.constantFrom(1, 2), inGraph).map(([number, steps]) => [into(20), into(number), ...steps]),
  inAttribute.map((steps) => [into(25), into(7, [1, 'f']), into(5, [4, 'Constant']), ...steps]),
  inAttribute.map((steps) => [into(25), into(11, [1, 'f']), ...steps]),
);
/** The same with one step more, through a field that no message of the format has. */
const inUnknown: fc.Arbitrary<readonly Step[]> = fc
  .tuple(inModel, fc.integer({ min: 27, max: 5000 }), fc.nat())
  .map(([steps, number, at]) => steps.toSpliced(at % (steps.length + 1), 0, into(number)));

/** Makes a model with `tensor` at some place. */
type Place = (tensor: MessageWriter) => Uint8Array;

const placed =
  (steps: readonly Step[]): Place =>
  (tensor) => {
    const model = steps.reduceRight((inner, step) => step(inner), tensor).finish();
    const head = new MessageWriter().int(1, 8).message(8, new MessageWriter().int(2, 17));
    const hasGraph = [...readFields(model)].some(({ number }) => number === 7);
    if (!hasGraph) head.message(7, new MessageWriter());
    return Buffer.concat([head.finish(), model]);
  };

export const knownPlace: fc.Arbitrary<Place> = inModel.map(placed);
export const unknownPlace: fc.Arbitrary<Place> = inUnknown.map(placed);
