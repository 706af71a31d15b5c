import { tendMessage } from '../shared/service/reminders.ts';
import { tend } from '../shared/service/tend.ts';
import { serviceSubscriber } from './bootstrap.ts';

export const onTend = serviceSubscriber('tend', tendMessage, tend);
