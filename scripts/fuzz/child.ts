/** A process that loads one model after another into the runtime: what a hostile one does to it, it does here. */
import { Runtime } from '../../shared/onnx/runtime.ts';

const runtime = new Runtime({ device: 'cpu', threads: 1 });

process.on('message', async (model: Uint8Array) => {
  try {
    const loaded = await runtime.open('fuzz', model);
    await loaded.release();
    process.send?.('loaded');
  } catch {
    process.send?.('refused');
  }
});
process.on('disconnect', () => process.exit(0));
