/** Damaged and hostile ONNX models for the fuzzer: changed bytes, and fields moved, doubled and put where none belongs. */
import { GraphBuilder } from '../../../shared/onnx/graph.ts';
import { type Field, MessageWriter, readFields } from '../../../shared/onnx/wire.ts';
import { changedBytes, type Dice } from '../checkpoint/mutate.ts';
import { tinyGenerator } from '../tiny-generator.ts';
import { externalTensor } from './places.ts';

/** Files that the fuzzer puts beside and below the working directory, under the names its models mention. */
export const CANARIES = ['w.bin', 'below/w.bin', '../w.bin'] as const;

/** A generator that takes its weights from a function: `default` of the function's own attribute, or of its body. */
function withFunction(weights: MessageWriter): Uint8Array {
  const string =
    (number: number, ...values: readonly string[]) =>
    (message: MessageWriter) =>
      values.reduce((into, value) => into.string(number, value), message);
  const attribute = (name: string, number: number, value: MessageWriter) =>
    new MessageWriter().string(1, name).message(number, value).int(20, 4);
  const constant = string(
    2,
    'o',
  )(new MessageWriter())
    .string(4, 'Constant')
    .message(5, new MessageWriter().string(1, 'value').int(20, 4).string(21, 'v'));
  const body = new MessageWriter()
    .string(1, 'F')
    .string(5, 'o')
    .message(7, constant)
    .message(9, new MessageWriter().int(2, 17))
    .string(10, 'own')
    .message(11, attribute('v', 5, weights));
  const graph = new GraphBuilder('with-function');
  const z = graph.input('z', 'float32', ['n', 8]);
  const image = graph.op('Reshape', [graph.op('MatMul', [z, 'W']), graph.ints([-1, 3, 16, 16])]);
  graph.output('image', image, 'float32', ['n', 3, 16, 16]);
  const model = new MessageWriter();
  for (const field of readFields(graph.model())) {
    if (field.number === 7 && field.wire === 2) {
      const call = new MessageWriter().string(2, 'W').string(4, 'F').string(7, 'own');
      const parts = new MessageWriter().message(1, call);
      for (const part of readFields(field.bytes)) parts.copy(part);
      model.message(7, parts);
    } else model.copy(field);
  }
  return model.message(8, new MessageWriter().string(1, 'own').int(2, 1)).message(25, body).finish();
}

const values = new MessageWriter()
  .int(1, 8)
  .int(1, 768)
  .int(2, 1)
  .bytes(9, new Uint8Array(8 * 768 * 4));
const SEEDS: readonly Uint8Array[] = [
  tinyGenerator({ side: 16 }),
  tinyGenerator({ side: 16, layout: 'NHWC', range: [0, 255] }),
  withFunction(values),
  withFunction(externalTensor(CANARIES[0], 8 * 768)),
];

/** Numbers of the fields that hold tensors, graphs and nodes in one message or another, and some that none has. */
const HOLDERS = [1, 2, 5, 6, 7, 10, 11, 12, 15, 20, 22, 23, 25, 26, 27, 99];

/** One model with a few changes. */
export function onnxMutant(dice: Dice): Uint8Array {
  let model = dice.pick(SEEDS);
  for (let times = 1 + dice.roll(2); times > 0; times--) {
    model = dice.roll(8) === 0 ? changedBytes(model, dice) : moved(model, dice, 0);
  }
  return model;
}

/** Changes one field of the message, or of one inside it. */
function moved(message: Uint8Array, dice: Dice, depth: number): Uint8Array {
  const fields = fieldsOf(message);
  // Names and data: most are left as they are, so that what is around them is looked at.
  if (fields === undefined) return dice.roll(4) === 0 ? changedBytes(message, dice) : message;
  const at = dice.roll(fields.length + 1);
  const chosen = fields[at];
  const writer = new MessageWriter();
  for (const [i, field] of fields.entries()) {
    if (i !== at) {
      writer.copy(field);
      continue;
    }
    if (field.wire === 2 && depth < 12 && field.bytes.length < 2 ** 14 && dice.roll(4) > 0) {
      writer.bytes(field.number, moved(field.bytes, dice, depth + 1));
      continue;
    }
    change(writer, field, dice);
  }
  if (chosen === undefined) {
    writer.message(
      dice.pick(HOLDERS),
      dice.roll(2) === 0 ? hostile(dice) : new MessageWriter().message(5, hostile(dice)),
    );
  }
  return writer.finish();
}

function change(writer: MessageWriter, field: Field, dice: Dice): void {
  switch (dice.roll(5)) {
    case 0:
      return;
    case 1:
      writer.copy(field).copy(field);
      return;
    case 2:
      writer.copy({ ...field, number: dice.pick(HOLDERS) });
      return;
    case 3:
      writer.copy(field).message(field.number, hostile(dice));
      return;
    default:
      writer.message(field.number, hostile(dice));
  }
}

const hostile = (dice: Dice) => externalTensor(dice.pick(CANARIES), dice.pick([4, 768, 6144]));

function fieldsOf(message: Uint8Array): Field[] | undefined {
  try {
    return [...readFields(message)];
  } catch {
    return undefined;
  }
}
