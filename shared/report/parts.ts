/** Pieces of which the schemas of a report are made. */
import { z } from 'zod';

export const fraction = z.number().min(0).max(1);
export const count = z.int().min(0);

/** A point estimate with its 95% interval. */
export const intervalSchema = z.strictObject({ estimate: z.number(), low: z.number(), high: z.number() });

export const roleSchema = z.enum(['members', 'controls']);
