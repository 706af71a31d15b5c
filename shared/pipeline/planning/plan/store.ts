/** Reads the plan of an audit, once a process. */
import type { Context } from '../../base/context.ts';
import { keys } from '../../base/layout.ts';
import { readJson } from '../../base/sealed-json.ts';
import { type Plan, planSchema } from './schema.ts';

/** Plans that a process keeps: one lists every photo, and every message needs one. */
const KEPT = 8;
/** For each store its own, by what tells a plan from another of the same audit, which may be forgotten and planned anew. */
const known = new WeakMap<Context['objects'], Map<string, Plan>>();

/**
 * The plan of an audit. Who has just read the audit's record need not ask for the plan again: as long as the record's
 * version is the same, so is the plan.
 */
export async function readPlan(context: Pick<Context, 'objects'>, audit: string, version?: string): Promise<Plan> {
  const key = keys.plan(audit);
  const distinct = version ?? (await context.objects.head(key))?.generation;
  const plans = known.get(context.objects) ?? new Map<string, Plan>();
  known.set(context.objects, plans);
  const id = `${audit} ${distinct}`;
  const plan = plans.get(id) ?? (await readJson(context, key, planSchema));
  // The most recently used last.
  plans.delete(id);
  if (distinct !== undefined) plans.set(id, plan);
  for (const oldest of plans.keys()) if (plans.size > KEPT) plans.delete(oldest);
  return plan;
}
