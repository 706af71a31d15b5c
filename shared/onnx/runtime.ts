/** Runs ONNX models with onnxruntime. */
import { join } from 'node:path';
import { InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
import { RewoundError } from '../errors.ts';

export type Device = 'cpu' | 'webgpu' | 'cuda';
export const DEVICES = ['cpu', 'webgpu', 'cuda'] as const satisfies readonly Device[];

export interface RuntimeOptions {
  readonly device: Device;
  /** Threads within one operator, on the CPU. */
  readonly threads: number;
}

/** Values of an external weight, by the location the model names. */
export interface ExternalData {
  readonly path: string;
  readonly data: Uint8Array;
}

/** Milliseconds spent inside `session.run`, by what the session is for: the floor under every audit's time. */
export type RunTimes = Map<string, number>;

/** A loaded model. `run` never resolves names or shapes by guess: the caller gives every input and names every output. */
export interface Model {
  run(inputs: Readonly<Record<string, Tensor>>, outputs: readonly string[]): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

/**
 * The folder in which the runtime looks for a file that a model names and that it was not given: one that cannot exist,
 * because it is below a regular file. Without it, the runtime would look in the working directory of the process.
 */
const NO_FOLDER = join(import.meta.filename, 'none');

/** Opens models on one device, and adds up the time their runs take. */
export class Runtime {
  readonly times: RunTimes = new Map();
  readonly options: RuntimeOptions;

  constructor(options: RuntimeOptions) {
    this.options = options;
  }

  /**
   * Loads a model from its bytes, which have the ONNX format whatever they look like. The runtime reads no file: a
   * model that names one which is not in `externalData` is refused. Throws DEVICE_UNAVAILABLE where the device is not
   * there (there is no silent fallback: the provider list names the one device, and the CPU only where it was asked for).
   */
  async open(purpose: string, model: Uint8Array, externalData: readonly ExternalData[] = []): Promise<Model> {
    const { device, threads } = this.options;
    const options: InferenceSession.SessionOptions = {
      executionProviders: [device],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // What goes wrong is thrown; nothing is printed.
      logSeverityLevel: 4,
      // Every session has its own threads, and by default they spin after a run: on the cores the next session needs.
      extra: {
        session: {
          intra_op: { allow_spinning: '0' },
          load_model_format: 'ONNX',
          model_external_initializers_file_folder_path: NO_FOLDER,
        },
      },
      ...(externalData.length > 0 ? { externalData } : {}),
    };
    let session: InferenceSession;
    try {
      session = await InferenceSession.create(model, options);
    } catch (cause) {
      if (device !== 'cpu' && !(await deviceWorks(device))) throw deviceUnavailable(device, cause);
      throw cause;
    }
    return {
      run: async (inputs, outputs) => {
        const start = performance.now();
        const results = await session.run(inputs, outputs);
        this.times.set(purpose, (this.times.get(purpose) ?? 0) + performance.now() - start);
        return results;
      },
      release: () => session.release(),
    };
  }
}

function deviceUnavailable(device: Device, cause: unknown): RewoundError {
  const present = listSupportedBackends().map(({ name }) => name);
  return new RewoundError('DEVICE_UNAVAILABLE', `The device "${device}" is not available on this machine.`, {
    help: `Use --device cpu, or install what the device needs. The runtime was built with: ${present.join(', ')}.`,
    cause,
  });
}

/** Whether the smallest possible model runs on the device. */
async function deviceWorks(device: Device): Promise<boolean> {
  const { GraphBuilder } = await import('./graph.ts');
  const graph = new GraphBuilder('device-check');
  const x = graph.input('x', 'float32', [1]);
  graph.output('y', graph.op('Add', [x, x]), 'float32', [1]);
  try {
    const session = await InferenceSession.create(graph.model(), { executionProviders: [device], logSeverityLevel: 4 });
    const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(1), [1]) });
    await session.release();
    return y?.data[0] === 2;
  } catch {
    return false;
  }
}

/** Throws DEVICE_UNAVAILABLE unless a model runs on the device. */
export async function requireDevice(device: Device): Promise<void> {
  if (!(await deviceWorks(device))) throw deviceUnavailable(device, undefined);
}

/** The values of a float32 tensor. Throws if it is anything else: a defect of the graph, not of the input. */
export function floats(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('expected a float32 tensor');
  return tensor.data;
}

export function floatTensor(data: Float32Array, dims: readonly number[]): Tensor {
  return new Tensor('float32', data, dims);
}
