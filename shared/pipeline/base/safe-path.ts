/** Resolves names that a file gives for files beside it, and refuses those that lead elsewhere. */
import { RewoundError } from '../../errors.ts';

/** `key` resolved below `folder`. Throws CHECKPOINT_UNSAFE where it points outside. */
export function below(folder: string, relative: string): string {
  const segments = relative
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '.');
  if (
    relative === '' ||
    relative.startsWith('/') ||
    /^[a-z]:/i.test(relative) ||
    segments.some((s) => s === '..' || s === '')
  ) {
    throw new RewoundError('CHECKPOINT_UNSAFE', 'A file names another file that lies outside its own folder.', {
      help: 'Put all files of the model into one folder and refer to them by name.',
    });
  }
  return `${folder}/${segments.join('/')}`;
}
