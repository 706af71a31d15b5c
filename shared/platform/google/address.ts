/** Folders whose names below are those of people. */
const PEOPLE = new Set(['members', 'controls']);

/** Folders that are shown: the role of an object and the audit or tenant it belongs to. */
const SHOWN = 2;

/** Where an object lies, as far as an error may say it: `gs://bucket/drop/acme/…`, never the name of a person or file. */
export function addressOf(bucket: string, key: string): string {
  const folders = key.split('/').slice(0, -1).slice(0, SHOWN);
  const people = folders.findIndex((folder) => PEOPLE.has(folder));
  const shown = people < 0 ? folders : folders.slice(0, people + 1);
  return `gs://${[bucket, ...shown].join('/')}/…`;
}
