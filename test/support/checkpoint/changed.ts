import type { SavedModule } from '../../../shared/checkpoint/formats/saved-module.ts';
import type { CheckpointTensor } from '../../../shared/checkpoint/formats/tensor.ts';

function changed(
  record: SavedModule,
  path: readonly string[],
  change: (record: SavedModule) => SavedModule,
): SavedModule {
  const [first, ...rest] = path;
  if (first === undefined) return change(record);
  const child = changed(record.modules.get(first)!, rest, change);
  return { ...record, modules: new Map([...record.modules, [first, child]]) };
}

/** The same network with another buffer in the module at `path`. */
export function withBuffer(
  record: SavedModule,
  path: readonly string[],
  name: string,
  tensor: CheckpointTensor,
): SavedModule {
  return changed(record, path, (module) => ({ ...module, buffers: new Map([...module.buffers, [name, tensor]]) }));
}

/** The same network with another module at `path`. */
export function withModule(record: SavedModule, path: readonly string[], module: SavedModule): SavedModule {
  const name = path.at(-1)!;
  return changed(record, path.slice(0, -1), (parent) => ({
    ...parent,
    modules: new Map([...parent.modules, [name, module]]),
  }));
}
