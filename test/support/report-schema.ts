import { z } from 'zod';
import { reportSchema } from '../../shared/report/model.ts';

/** The JSON Schema (draft 2020-12) of `report.json`, made from the zod schema so that the two cannot differ. */
export function reportJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(reportSchema, { target: 'draft-2020-12' });
  return { $schema, $id: 'rewound.report/1', title: 'Rewound audit report, version 1', ...rest };
}

/** The text of `report.schema.json`: two-space indent and a final newline, as committed beside this file. */
export function reportJsonSchemaText(): string {
  return `${JSON.stringify(reportJsonSchema(), null, 2)}\n`;
}
