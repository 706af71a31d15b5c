import { assemble } from '../shared/pipeline/assemble.ts';
import { assembleMessage } from '../shared/pipeline/messages.ts';
import { subscriber } from './bootstrap.ts';

export const onAssemble = subscriber('assemble', assembleMessage, assemble);
