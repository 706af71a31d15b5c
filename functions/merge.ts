import { merge } from '../shared/pipeline/merge.ts';
import { mergeMessage } from '../shared/pipeline/messages.ts';
import { subscriber } from './bootstrap.ts';

export const onMerge = subscriber('merge', mergeMessage, merge);
