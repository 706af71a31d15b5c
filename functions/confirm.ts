import { confirmMessage } from '../shared/pipeline/messages.ts';
import { confirm } from '../shared/pipeline/probe.ts';
import { subscriber } from './bootstrap.ts';

export const onConfirm = subscriber('confirm', confirmMessage, confirm);
