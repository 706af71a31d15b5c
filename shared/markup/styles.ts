/** The style sheet of pages that hold text and tables. */
import { LAYOUT } from './styles/layout.ts';
import { PRINT } from './styles/print.ts';
import { TOKENS } from './styles/tokens.ts';

export const STYLES = [TOKENS, LAYOUT, PRINT].join('\n');
