/** What only the page of a trend has. */
export const TREND = `
.mark-filled{fill:var(--ink);stroke:var(--ink);stroke-width:2}
.mark-open{fill:var(--paper);stroke:var(--ink);stroke-width:2}
.whisker{stroke:var(--ink);stroke-width:2}
.unlike{stroke-dasharray:2 3}
.line-trend{fill:none;stroke:var(--soft);stroke-width:1.5}
.gap rect{fill:var(--sheet)}
.cross{fill:none;stroke:var(--soft);stroke-width:2;stroke-linecap:round}
.notes{margin-top:14px;max-width:60em}
`;
