import { planMessage } from '../shared/pipeline/messages.ts';
import { plan } from '../shared/pipeline/plan.ts';
import { subscriber } from './bootstrap.ts';

export const onPlan = subscriber('plan', planMessage, plan);
