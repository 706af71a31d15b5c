import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The file that a command of this name runs, if there is one. */
function commandPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  return found && realpathSync(found);
}

/** The folder of the Google Cloud SDK's emulators, if the SDK and the Java they need are installed. */
function emulatorsFolder(): string | undefined {
  const gcloud = commandPath('gcloud');
  if (!gcloud || !commandPath('java')) return undefined;
  const folder = join(dirname(dirname(gcloud)), 'platform');
  return existsSync(folder) ? folder : undefined;
}

const COMMANDS = {
  pubsub: 'pubsub-emulator/bin/cloud-pubsub-emulator',
  firestore: 'cloud-firestore-emulator/cloud_firestore_emulator',
} as const;

export type EmulatorName = keyof typeof COMMANDS;

/** The command that starts an emulator, or undefined if it is not installed. */
export function emulatorCommand(name: EmulatorName): string | undefined {
  const folder = emulatorsFolder();
  const command = folder && join(folder, COMMANDS[name]);
  return command && existsSync(command) ? command : undefined;
}

/** Whether an emulator can be started; says visibly if not, because the tests that need it are then skipped. */
export function hasEmulator(name: EmulatorName): boolean {
  if (emulatorCommand(name)) return true;
  console.warn(`skipped: no ${name} emulator (install Java and the Google Cloud SDK with its ${name} emulator)`);
  return false;
}
