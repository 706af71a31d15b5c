import { type Service, startService } from './process.ts';
import { type EmulatorName, emulatorCommand } from './sdk.ts';

export { hasEmulator } from './sdk.ts';

export interface Emulator extends Service {
  /** `127.0.0.1:port`. */
  readonly host: string;
}

/** Without this they look for the metadata server of a machine in the cloud, for seconds. */
const NOT_IN_THE_CLOUD = { METADATA_SERVER_DETECTION: 'none' };

/** Where the Google clients look for an emulator. */
const VARIABLES = { pubsub: 'PUBSUB_EMULATOR_HOST', firestore: 'FIRESTORE_EMULATOR_HOST' } as const;

/** Starts the Pub/Sub emulator and leads the clients of this process to it. */
export function startPubsub(): Promise<Emulator> {
  return startEmulator('pubsub', [], /Server started, listening on/);
}

/** Starts the Firestore emulator and leads the clients of this process to it. */
export function startFirestore(): Promise<Emulator> {
  return startEmulator('firestore', ['start'], /Dev App Server is now running/);
}

async function startEmulator(name: EmulatorName, verbs: readonly string[], ready: RegExp): Promise<Emulator> {
  const program = emulatorCommand(name);
  if (!program) throw new Error(`The ${name} emulator is not installed.`);
  const service = await startService({
    command: (port) => [program, ...verbs, '--host=127.0.0.1', `--port=${port}`],
    ready,
    env: NOT_IN_THE_CLOUD,
  });
  const host = `127.0.0.1:${service.port}`;
  // Said to the clients of this process too: they ask the metadata server for the project.
  Object.assign(process.env, NOT_IN_THE_CLOUD, { [VARIABLES[name]]: host });
  return {
    ...service,
    host,
    async stop() {
      delete process.env[VARIABLES[name]];
      await service.stop();
    },
  };
}
