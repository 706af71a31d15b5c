import { notifyMessage } from '../shared/pipeline/messages.ts';
import { notify } from '../shared/pipeline/notify.ts';
import { subscriber } from './bootstrap.ts';

export const onNotify = subscriber('notify', notifyMessage, notify);
