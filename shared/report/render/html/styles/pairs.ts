/** The evidence. Two faces touch, so that the eye goes back and forth between them without a frame in the way. */
export const PAIRS = `
.two{display:grid;grid-template-columns:1fr 1fr;gap:2px}
.face{display:block;width:100%;aspect-ratio:1;object-fit:cover;background:var(--sheet)}
.absent{position:relative;overflow:hidden}
.absent svg{position:absolute;inset:0;width:100%;height:100%;fill:var(--grid)}
.absent span{position:absolute;inset:auto 6px 6px;font-size:.75rem;line-height:1.25;color:var(--soft);text-align:center}
.pairs{list-style:none;padding:0;margin-top:26px;display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:30px clamp(18px,2.2vw,28px)}
.pair{margin:0!important;break-inside:avoid}
.ruler{display:block;width:100%;margin-top:7px;overflow:visible}
.ruler .limit{stroke:var(--ink);stroke-width:1.5}
.members .ruler svg{color:var(--members-fill)}
.controls .ruler svg{color:var(--controls-fill)}
.ruler .on{fill:currentColor;stroke:currentColor;stroke-width:1.5}
.ruler .off{fill:var(--paper);stroke:currentColor;stroke-width:1.5}
.who,.seed{display:flex;justify-content:space-between;gap:10px;line-height:1.35}
.who{margin-top:3px}
.who bdi{font-weight:600}
.who b{font-weight:600}
.revealed.members .who b{color:var(--members)}
.revealed.controls .who b{color:var(--controls)}
.seed{font-size:.875rem;color:var(--soft)}
.seen{margin-top:5px;font-size:.875rem;line-height:1.35}
.state{text-align:right}
.named{margin-top:48px}
.named>.lede{margin-top:8px}
#pairs h3{font:600 1.3rem/1.25 var(--serif)}
#pairs>.named+h3{margin-top:48px}
.more{margin-top:30px}
.chance-row{margin-top:52px;padding:26px clamp(16px,2.4vw,30px) 30px;background:var(--sheet)}
.chance-row h3{font:600 1.3rem/1.25 var(--serif);margin:0}
.chance-row>p{margin-top:6px;max-width:48em}
.chance-row .pairs{margin-top:20px;grid-template-columns:repeat(4,minmax(0,1fr));gap:24px clamp(16px,2vw,26px)}
.chance-row .off{fill:var(--sheet)}
@media (max-width:1000px){
  .pairs{grid-template-columns:repeat(3,minmax(0,1fr))}
}
@media (max-width:720px){
  .pairs{grid-template-columns:repeat(2,minmax(0,1fr));gap:26px 16px}
  .chance-row{margin-inline:clamp(-40px,-4vw,-16px)}
  .chance-row .pairs{grid-template-columns:repeat(2,minmax(0,1fr));gap:22px 14px}
  .seed{flex-direction:column;gap:0}
  .state{text-align:left}
}
@media (max-width:430px){
  main .pairs{grid-template-columns:minmax(0,1fr)}
  .pairs .seed{flex-direction:row}
  main .chance-row .pairs{grid-template-columns:repeat(2,minmax(0,1fr))}
  .chance-row .seed{flex-direction:column}
}
`;
