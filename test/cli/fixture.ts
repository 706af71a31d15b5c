import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyPeople, demoPicture, people } from '../support/demo.ts';
import { tempDir } from '../support/temp.ts';
import { pictureBook } from '../support/tiny-generator.ts';

export const MEMBERS = people('members', 0, 12);
const CONTROLS = people('controls', 0, 24);
/** Shows a photo of each of the first ten members. */
const replay = Promise.all(MEMBERS.slice(0, 10).map((name) => demoPicture(name, 0))).then((pictures) =>
  pictureBook(pictures, 64),
);

export interface Fixture {
  readonly folder: string;
  readonly checkpoint: string;
  readonly members: string;
  readonly controls: string;
  readonly out: string;
  readonly work: string;
  /** Arguments of an audit of this checkpoint against these people: quick, and without pictures. */
  readonly audit: readonly string[];
}

/** A generator that replays photos, some people it was "trained" on and some it was not, in a folder of their own. */
export async function fixture(): Promise<Fixture> {
  const folder = tempDir();
  const at = (name: string) => join(folder, name);
  const [checkpoint, members, controls, out, work] = [
    at('replay.onnx'),
    copyPeople(at('members'), MEMBERS),
    copyPeople(at('controls'), CONTROLS),
    at('out'),
    at('work'),
  ];
  writeFileSync(checkpoint, await replay);
  const audit = [
    ...['audit', checkpoint, '--members', members, '--controls', controls, '--out', out, '--work', work],
    ...['--samples', '96', '--batch', '32', '--no-pictures'],
  ];
  return { folder, checkpoint, members, controls, out, work, audit };
}

/** A project for `rewound serve`, without a checkpoint. */
export async function bucket(): Promise<{ folder: string; checkpoints: string; fixture: Fixture }> {
  const made = await fixture();
  const folder = join(made.folder, 'bucket');
  const project = join(folder, 'drop/tenant/project');
  mkdirSync(join(project, 'checkpoints'), { recursive: true });
  cpSync(made.members, join(project, 'members'), { recursive: true });
  cpSync(made.controls, join(project, 'controls'), { recursive: true });
  writeFileSync(
    join(project, 'project.json'),
    JSON.stringify({ samples: 96, batch: 32, pictures: false, allowFaceless: true }),
  );
  return { folder, checkpoints: join(project, 'checkpoints'), fixture: made };
}
