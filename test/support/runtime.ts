import { onTestFinished } from 'vitest';
import { type ExternalData, type Model, Runtime } from '../../shared/onnx/runtime.ts';

/** One thread on the CPU, as tests share the machine. */
export const cpu = new Runtime({ device: 'cpu', threads: 1 });

/** A loaded model that is released when the running test ends. */
export async function openModel(model: Uint8Array, external: readonly ExternalData[] = []): Promise<Model> {
  const opened = await cpu.open('test', model, external);
  onTestFinished(() => opened.release());
  return opened;
}
