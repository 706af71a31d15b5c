import { conclude } from '../shared/pipeline/conclude.ts';
import { concludeMessage } from '../shared/pipeline/messages.ts';
import { subscriber } from './bootstrap.ts';

export const onConclude = subscriber('conclude', concludeMessage, conclude);
