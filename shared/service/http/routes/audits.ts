/** The routes of audits. */
import { z } from '@hono/zod-openapi';
import { RewoundError } from '../../../errors.ts';
import { readReportFile } from '../../../pipeline/results/report-files.ts';
import { eraseAudit, signReceipt } from '../../audits/erase.ts';
import {
  checkSettings,
  createAudit,
  type HostedAudit,
  listHosted,
  newAuditSchema,
  quoteOf,
  readHosted,
  runOf,
} from '../../audits/hosted-audit.ts';
import { cancelAudit, startAudit } from '../../audits/start.ts';
import { MOST_FILES, ticketsFor, uploadFileSchema } from '../../audits/upload-tickets.ts';
import type { ServiceContext } from '../../core/context.ts';
import type { Route } from '../access.ts';
import { answer, json, page, pageOf, pageQuery } from '../pages.ts';
import { auditResource, auditSchema, idSchema, priceSchema, receiptSchema, time } from '../resources.ts';
import { router } from '../router.ts';
import { type Watching, watching } from '../watch.ts';

const params = z.strictObject({ audit: idSchema('audit') });
const newAudit = newAuditSchema.meta({ id: 'NewAudit' });
const tag = 'Audits';

/** Files of a report, and what they are. */
const REPORT_FILES = {
  'report.html': 'text/html; charset=utf-8',
  'report.json': 'application/json',
  'report.sarif': 'application/sarif+json',
  'junit.xml': 'application/xml',
  /** Only of an audit of pictures. */
  'matches.csv': 'text/csv; charset=utf-8',
} as const;
const reportFileSchema = z.enum(['report.html', 'report.json', 'report.sarif', 'junit.xml', 'matches.csv']);

const uploadAnswerSchema = z
  .union([
    z.strictObject({ path: z.string(), there: z.literal(true) }).openapi('UploadThere'),
    z
      .strictObject({
        path: z.string(),
        there: z.literal(false),
        method: z.literal('PUT'),
        url: z.string().openapi({ description: 'Takes this file, once. It is a secret: whoever has it can upload.' }),
        headers: z.record(z.string(), z.string()).openapi({
          description: 'To be sent as they are, besides Content-Length.',
          example: { 'content-type': 'application/octet-stream' },
        }),
        expiresAt: time.openapi({ description: 'Until when it takes the file; afterwards ask again.' }),
      })
      .openapi('UploadTicket'),
  ])
  .openapi('Upload');

/** What the data of an event is. */
const eventSchema = z.string().meta({
  description: 'Server-sent events, whose data is JSON: the audit.',
  contentMediaType: 'application/json',
  contentSchema: { $ref: '#/components/schemas/Audit' },
});

export function auditRoutes(context: ServiceContext, route: Route, options: Watching) {
  const app = router();
  const paid = context.settings.stripe !== null;
  const watch = watching(context, options);
  const resource = (id: string, audit: HostedAudit) => auditResource(context, id, audit);

  app.openapi(
    route({
      method: 'post',
      path: '/v1/quotes',
      operationId: 'quoteAudit',
      summary: 'What an audit would cost at most',
      tag,
      access: 'audits:read',
      again: 'harmless',
      request: { body: json(newAudit) },
      responses: { 200: answer('The most it can cost.', priceSchema) },
    }),
    async (c) => {
      const body = c.req.valid('json');
      checkSettings(body);
      const { credits, items } = quoteOf(body);
      return c.json({ credits, items: items.map((item) => ({ ...item })) }, 200);
    },
  );

  app.openapi(
    route({
      method: 'post',
      path: '/v1/audits',
      operationId: 'createAudit',
      summary: 'Create an audit',
      description:
        'Nothing is charged or computed before it is started. One that is not started within a day is erased.',
      tag,
      access: 'audits:write',
      again: 'once',
      request: { body: json(newAudit) },
      responses: { 201: answer('The audit, with its quote.', auditSchema) },
    }),
    async (c) => {
      const { id, audit } = await createAudit(context, c.get('caller').account, c.req.valid('json'), { paid });
      return c.json(await resource(id, audit), 201);
    },
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/audits',
      operationId: 'listAudits',
      summary: 'List audits, the newest first',
      tag,
      access: 'audits:read',
      request: { query: pageQuery(idSchema('audit')) },
      responses: { 200: answer('A page.', pageOf(auditSchema, 'AuditPage')) },
    }),
    async (c) => {
      const { after, limit } = c.req.valid('query');
      const found = await listHosted(context, c.get('caller').account, { after, limit: limit + 1 });
      const { items, next } = page(found, limit, ({ id }) => id);
      return c.json({ items: await Promise.all(items.map(({ id, audit }) => resource(id, audit))), next }, 200);
    },
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/audits/{audit}',
      operationId: 'getAudit',
      summary: 'How an audit stands, and its result',
      tag,
      access: 'audits:read',
      request: { params },
      responses: { 200: answer('The audit.', auditSchema) },
    }),
    async (c) => {
      const { audit: id } = c.req.valid('param');
      return c.json(await resource(id, await readHosted(context, c.get('caller').account, id)), 200);
    },
  );

  app.openapi(
    route({
      method: 'post',
      path: '/v1/audits/{audit}/uploads',
      operationId: 'uploadFiles',
      summary: 'Get addresses to upload files to',
      description:
        'Each address takes one file, once, by PUT with the given headers. Photos go to members/PERSON/FILE and controls/PERSON/FILE, the checkpoint to checkpoints/FILE. Asking again is how an interrupted upload goes on: files that are there are said to be.',
      tag,
      access: 'audits:write',
      again: 'harmless',
      request: {
        params,
        body: json(
          z
            .strictObject({
              files: z
                .array(uploadFileSchema.meta({ id: 'UploadFile' }))
                .min(1)
                .max(MOST_FILES),
            })
            .openapi('UploadRequest'),
        ),
      },
      responses: {
        200: answer(
          'An address for each file, in the same order.',
          z.strictObject({ uploads: z.array(uploadAnswerSchema) }).openapi('Uploads'),
        ),
      },
    }),
    async (c) => {
      const { audit: id } = c.req.valid('param');
      const uploads = await ticketsFor(context, c.get('caller').account, id, c.req.valid('json').files);
      return c.json(
        {
          uploads: uploads.map((upload) =>
            upload.there
              ? upload
              : { ...upload, headers: { ...upload.headers }, expiresAt: new Date(upload.expiresAt).toISOString() },
          ),
        },
        200,
      );
    },
  );

  app.openapi(
    route({
      method: 'post',
      path: '/v1/audits/{audit}/start',
      operationId: 'startAudit',
      summary: 'Start an audit whose files are uploaded',
      description: 'Holds the credits that were quoted. Starting it again changes nothing.',
      tag,
      access: 'audits:write',
      again: 'once',
      request: { params },
      responses: { 202: answer('The audit, started.', auditSchema) },
    }),
    async (c) => {
      const { audit: id } = c.req.valid('param');
      return c.json(await resource(id, await startAudit(context, c.get('caller').account, id)), 202);
    },
  );

  app.openapi(
    route({
      method: 'post',
      path: '/v1/audits/{audit}/cancel',
      operationId: 'cancelAudit',
      summary: 'Cancel an audit',
      description: 'What was done of it is charged; one that was not planned yet costs nothing.',
      tag,
      access: 'audits:write',
      again: 'once',
      request: { params },
      responses: { 200: answer('The audit as it ended.', auditSchema) },
    }),
    async (c) => {
      const { audit: id } = c.req.valid('param');
      return c.json(await resource(id, await cancelAudit(context, c.get('caller').account, id)), 200);
    },
  );

  app.openapi(
    route({
      method: 'delete',
      path: '/v1/audits/{audit}',
      operationId: 'deleteAudit',
      summary: 'Erase an audit',
      description:
        'Cancels it if it runs, and erases every object and record of it at once. The answer is a signed receipt of what was erased; nobody keeps a copy. Entries of the ledger stay: they hold its id and amounts.',
      tag,
      access: 'audits:write',
      request: { params },
      responses: { 200: answer('The receipt.', receiptSchema) },
    }),
    async (c) => {
      const { audit: id } = c.req.valid('param');
      const erased = await eraseAudit(context, c.get('caller').account, id);
      const erasedAt = new Date(context.clock.now()).toISOString();
      const { text, signature, publicKey } = signReceipt(context.secret, { audit: id, erasedAt, ...erased });
      return c.json({ receipt: text, signature, publicKey }, 200);
    },
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/audits/{audit}/report/{file}',
      operationId: 'getReport',
      summary: 'Read a file of the report',
      tag,
      access: 'audits:read',
      request: { params: params.extend({ file: reportFileSchema }) },
      responses: {
        200: {
          description: 'The file.',
          content: {
            'application/json': { schema: z.unknown() },
            'application/sarif+json': { schema: z.unknown() },
            'application/xml': { schema: z.string() },
            'text/html': { schema: z.string() },
          },
        },
      },
    }),
    async (c) => {
      const { audit: id, file } = c.req.valid('param');
      const audit = await readHosted(context, c.get('caller').account, id);
      const run = runOf(audit);
      if (run === undefined || audit.outcome?.state !== 'DONE') {
        throw new RewoundError('NOT_FOUND', 'The audit has no report.', {
          help: 'Only an audit that is DONE has one; its state and error say how it stands.',
        });
      }
      const bytes = await readReportFile(context, run, file);
      return c.body(Uint8Array.from(bytes), 200, {
        'content-type': REPORT_FILES[file],
        'content-security-policy': REPORT_POLICY,
        'cache-control': 'private, no-store',
      });
    },
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/audits/{audit}/events',
      operationId: 'watchAudit',
      summary: 'Watch an audit',
      description:
        'Server-sent events: "audit" with the audit whenever it changes, until it has ended. A connection lasts 15 minutes at most, and an account has ten of them at most.',
      tag,
      access: 'audits:read',
      request: { params },
      responses: {
        200: { description: 'Events.', content: { 'text/event-stream': { schema: eventSchema } } },
      },
    }),
    (c) => watch(c, c.req.valid('param').audit),
  );

  return app;
}

/** The report is a page without scripts, whole in one file; shown by the dashboard, and by nobody else. */
const REPORT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; form-action 'none'; base-uri 'none'";
