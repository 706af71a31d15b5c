import { deliver, deliverMessage } from '../shared/service/webhooks/deliver.ts';
import { service, serviceSubscriber } from './bootstrap.ts';

export const onDeliver = serviceSubscriber('deliver', deliverMessage, (context, message) => {
  const { secret, settings } = service();
  return deliver({ ...context, secret, webhookAllow: settings.webhookAllow }, message);
});
