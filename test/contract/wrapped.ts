/** Ports with a guard around every method, for the contract suite: a wrapper may lose neither argument nor answer. */
import { around, type Guards } from '../../shared/platform/around.ts';
import type { Events, Objects, Records } from '../../shared/platform/ports.ts';

const objectGuards: Required<Guards<Objects>> = {
  head: (go) => go(),
  get: (go) => go(),
  put: (go) => go(),
  list: (go) => go(),
  delete: (go) => go(),
  clear: (go) => go(),
  file: (go) => go(),
  part: (go) => go(),
};

const recordGuards: Required<Guards<Records>> = {
  create: (go) => go(),
  get: (go) => go(),
  replace: (go) => go(),
  count: (go) => go(),
  list: (go) => go(),
  delete: (go) => go(),
  purge: (go) => go(),
};

const eventGuards: Required<Guards<Events>> = {
  publish: (go) => go(),
};

export const wrappedObjects = (objects: Objects) => around(objects, objectGuards);
export const wrappedRecords = (records: Records) => around(records, recordGuards);
export const wrappedEvents = (events: Events) => around(events, eventGuards);
