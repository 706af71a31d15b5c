import { join } from 'node:path';
import { z } from 'zod';
import { openGoogle } from '../../shared/platform/google/index.ts';
import type { Ended, Watch } from './audit.ts';
import type { AuditRequest } from './audit-request.ts';
import { usage } from './options.ts';
import { withFiles } from './remote-files.ts';
import { follow } from './remote-follow.ts';
import { upload } from './remote-upload.ts';

const name = z.string().min(1);

/** Where the deployment is, as `npm run deploy` prints it. */
const environmentSchema = z.object({
  REWOUND_PROJECT: name,
  REWOUND_BUCKET: name,
  REWOUND_DATABASE: z.preprocess((value) => value || undefined, name.optional()),
  /** Below which folder of the drop area projects are made. */
  REWOUND_TENANT: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'may hold small letters, digits and dashes')
    .default('cli'),
});

/** Uploads the user's files as a project, follows the audit that starts, and gives the platform that holds its report. */
export async function auditRemotely(request: AuditRequest, watch: Watch): Promise<Ended | undefined> {
  const { REWOUND_PROJECT, REWOUND_BUCKET, REWOUND_DATABASE, REWOUND_TENANT } = environment();
  const remote = openGoogle({
    project: REWOUND_PROJECT,
    bucket: REWOUND_BUCKET,
    topicPrefix: '',
    cacheFolder: join(request.work, 'remote-cache'),
    ...(REWOUND_DATABASE === undefined ? {} : { databaseId: REWOUND_DATABASE }),
  });
  let audit: string | undefined;
  try {
    const tenant = REWOUND_TENANT;
    const key = await withFiles(request, (files) => upload(files, request.settings, remote, tenant, watch));
    audit = key === undefined ? undefined : await follow(remote, key, watch);
    if (audit !== undefined) return { audit, context: remote, close: () => remote.close() };
    watch.progress.note(
      key === undefined
        ? 'Stopped before everything was uploaded. The same command goes on from there.'
        : 'No longer following. The audit goes on; the same command follows it again.',
    );
    return undefined;
  } finally {
    if (audit === undefined) await remote.close();
  }
}

function environment(): z.infer<typeof environmentSchema> {
  const { success, data, error } = environmentSchema.safeParse(process.env);
  if (success) return data;
  const wrong = error.issues.map(({ path, message, code }) =>
    code === 'invalid_type' ? `${path.join('.')} is not set` : `${path.join('.')}: ${message}`,
  );
  throw usage(
    `--remote needs to know the deployment: ${wrong.join('; ')}.`,
    'Set REWOUND_PROJECT and REWOUND_BUCKET to what "npm run deploy" printed; see docs/deploy.md.',
  );
}
