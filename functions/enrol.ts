import { enrol } from '../shared/pipeline/enrol.ts';
import { enrolMessage } from '../shared/pipeline/messages.ts';
import { subscriber } from './bootstrap.ts';

export const onEnrol = subscriber('enrol', enrolMessage, enrol);
