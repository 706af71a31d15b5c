/** The style sheet of report.html. */
import { LAYOUT } from '../../../markup/styles/layout.ts';
import { PRINT } from '../../../markup/styles/print.ts';
import { TOKENS } from '../../../markup/styles/tokens.ts';
import { CHARTS } from './styles/charts.ts';
import { PAIRS } from './styles/pairs.ts';

/** The one style sheet of the page. Its hash stands in the page's policy, so nothing else can style it. */
export const STYLES = [TOKENS, LAYOUT, PAIRS, CHARTS, PRINT].join('\n');
