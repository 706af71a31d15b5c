/** What data sets call the column that says who is in a photo, in the order of preference. */
export const PERSON_COLUMNS = [
  'person',
  'identity',
  'person_id',
  'identity_id',
  'subject',
  'subject_id',
  'celebrity',
  'celeb',
  'pid',
  'person_name',
  'name',
  'label',
  'class',
  'id',
];
