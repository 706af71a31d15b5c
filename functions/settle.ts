import { settleMessage } from '../shared/pipeline/messages.ts';
import { settleRun } from '../shared/service/settle.ts';
import { serviceSubscriber } from './bootstrap.ts';

export const onSettle = serviceSubscriber('settle', settleMessage, settleRun);
