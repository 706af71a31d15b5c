import { probeMessage } from '../shared/pipeline/messages.ts';
import { probe } from '../shared/pipeline/probe.ts';
import { subscriber } from './bootstrap.ts';

export const onProbe = subscriber('probe', probeMessage, probe);
