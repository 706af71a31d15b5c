/** Makes the errors of TensorFlow networks that are not supported. */
import type { RewoundError } from '../../../errors.ts';
import { unsupported } from '../../formats/faults.ts';

/** `message` is a whole sentence. */
export function unknown(message: string): RewoundError {
  return unsupported(message, 'Export the generator to ONNX (for TensorFlow: tf2onnx) and audit that file.');
}
