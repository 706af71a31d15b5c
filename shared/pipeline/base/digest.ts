/** Names things by their content. */
import { createHash } from 'node:crypto';

/** 32 hex digits that stand for `parts`, plain data: equal parts, equal digest. */
export function digest(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
