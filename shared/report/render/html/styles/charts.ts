/** Ink of the charts. Data is coloured, everything else is quiet. */
export const CHARTS = `
.chart-row{display:grid;grid-template-columns:minmax(0,1.5fr) minmax(0,1fr);gap:clamp(24px,4vw,60px);align-items:center;margin-top:52px}
.chart-row figcaption h3{font:600 1.3rem/1.25 var(--serif)}
.chart-row figcaption p{margin-top:8px}
.chart-row details{margin-top:14px;font-size:.9375rem}
.chart-row details .scroll{margin-top:10px;max-height:320px;overflow-y:auto}
.plot{padding:0 50px 40px 50px;position:relative}
.plot-up,.plot-across,.key{font-size:.8125rem;line-height:1.3;color:var(--soft)}
.plot-up{margin:0 0 14px -42px}
.plot-across{position:absolute;right:50px;bottom:0;white-space:nowrap}
.key{display:flex;flex-wrap:wrap;gap:2px 18px;margin:0 0 10px 8px}
.key span{display:inline-flex;align-items:center;gap:5px}
.chart{display:block;width:100%;overflow:visible;font:12.5px var(--sans);fill:var(--ink)}
.chart .tick,.chart .soft{fill:var(--soft)}
.chart .figure{font:600 26px var(--serif)}
.chart .note,.chart .row-name{font-weight:600}
.row-name{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.row-name .soft{font-weight:400}
.grid{stroke:var(--grid)}
.axis{stroke:var(--soft)}
.mark-members{fill:var(--members-fill)}
.mark-controls{fill:var(--paper);stroke:var(--controls-fill);stroke-width:2}
.mark-delta{fill:var(--ink)}
.bar-members,.bar-controls,.bar-delta{stroke-width:3;stroke-linecap:round}
.bar-members{stroke:var(--members-fill)}
.bar-controls{stroke:var(--controls-fill)}
.bar-delta{stroke:var(--ink)}
.intervals{margin-top:14px}
.cell{display:block;width:100%;min-width:150px;overflow:visible;font:12px var(--sans)}
.cell .tick{fill:var(--soft)}
td>.cell .grid{stroke:var(--hair)}
.axis-head{margin-top:4px}
.p-members.on{fill:var(--members-fill)}
.p-controls.on{fill:var(--controls-fill)}
.p-members.off,.p-controls.off{fill:none;stroke:var(--soft);stroke-width:.8;opacity:.6}
.hist-members{fill:var(--members-fill)}
.hist-controls{fill:url(#hatch);stroke:var(--controls-fill);stroke-width:1.5}
.hatch-ground{fill:var(--paper);fill-opacity:.42}
.hatch{stroke:var(--controls-fill);stroke-width:2.6}
.threshold{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 3}
.chance{stroke:var(--soft);stroke-dasharray:3 4}
.roc-area{fill:var(--members-fill);fill-opacity:.13}
.line-members,.line-controls{fill:none;stroke-width:2.5;stroke-linejoin:round}
.line-members{stroke:var(--members-fill)}
.line-controls{stroke:var(--controls-fill);stroke-dasharray:7 4}
.end-members,.end-controls{font-weight:600}
.end-members{fill:var(--members)}
.end-controls{fill:var(--controls)}
@media (max-width:860px){.chart-row{grid-template-columns:minmax(0,1fr);gap:24px}}
@media (max-width:640px){.plot{padding-left:44px}.plot-up{margin-left:-36px}}
`;
