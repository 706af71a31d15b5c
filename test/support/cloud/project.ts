import type { Objects } from '../../../shared/platform/ports.ts';

/** A project of the stub engine, whose photos need only differ. */
export const PROJECT = 'drop/acme/faces';
export const CHECKPOINT = `${PROJECT}/checkpoints/g.onnx`;
export const MEMBERS = 4;
const CONTROLS = 20;

export interface StubProject {
  readonly samples: number;
  readonly batch: number;
  readonly shards: number;
  readonly fresh?: number;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** Uploads everything but the checkpoint, whose arrival starts an audit. */
export async function putProject(objects: Pick<Objects, 'put'>, settings: StubProject): Promise<void> {
  const files = [
    ...Array.from({ length: MEMBERS }, (_, i) => `members/m${i}/a.png`),
    ...Array.from({ length: CONTROLS }, (_, i) => `controls/c${i}/a.png`),
  ];
  for (const file of files) await objects.put(`${PROJECT}/${file}`, bytes(`photo ${file}`));
  await objects.put(`${PROJECT}/project.json`, bytes(JSON.stringify(settings)));
}

/** Uploads a checkpoint; what a bucket says of it is the message for the topic `plan`. */
export async function putCheckpoint(objects: Pick<Objects, 'put'>, key = CHECKPOINT, content = 'weights') {
  const { generation } = await objects.put(key, bytes(content));
  return { version: 1, key, generation } as const;
}

/** A report without the times it took, which are all that may differ between two runs of an audit. */
export function withoutTiming(file: Uint8Array): string {
  return new TextDecoder()
    .decode(file)
    .replace(/"(generate|align|embed|search|total)Ms": ?\d+/g, '"$1Ms":0')
    .replace(/(<dt>(?:Start to verdict|Generate|Align|Embed|Search)<\/dt><dd>)[^<]*/g, '$1');
}
