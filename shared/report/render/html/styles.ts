import { CHARTS } from './styles/charts.ts';
import { LAYOUT } from './styles/layout.ts';
import { PAIRS } from './styles/pairs.ts';
import { PRINT } from './styles/print.ts';
import { TOKENS } from './styles/tokens.ts';

/** The one style sheet of the page. Its hash stands in the page's policy, so nothing else can style it. */
export const STYLES = [TOKENS, LAYOUT, PAIRS, CHARTS, PRINT].join('\n');
