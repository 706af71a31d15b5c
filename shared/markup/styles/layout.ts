/** The page from top to bottom: one column of sections, each on a grid of its own. */
export const LAYOUT = `
.masthead,main,footer{max-width:1180px;margin-inline:auto;padding-inline:clamp(16px,4vw,40px)}
.masthead{display:flex;flex-wrap:wrap;gap:.1rem 1.4rem;padding-block:14px;font-size:.875rem;color:var(--soft)}
.masthead b{color:var(--ink);font-family:var(--serif);font-size:1rem}
main>section{margin-top:clamp(56px,7vw,92px)}
main>section>h2+*{margin-top:14px}
footer{margin-top:72px;padding-block:18px 40px;font-size:.875rem;color:var(--soft)}
footer p{border-top:1px solid var(--hair);padding-top:18px}

.verdict{padding-top:clamp(20px,3.4vw,44px);max-width:60rem}
.qualifier{margin-top:22px;max-width:36em;font-size:clamp(1.06rem,1rem + .35vw,1.22rem);line-height:1.5}
.with-lead{max-width:none;display:grid;grid-template-columns:minmax(0,1.35fr) minmax(0,1fr);gap:clamp(24px,4vw,56px);align-items:center}
.lead figcaption{display:grid;grid-template-columns:1fr 1fr;margin-top:8px;font-size:.875rem;color:var(--soft)}
.lead figcaption b{color:var(--ink);font-weight:600}
.lead figcaption span+span{padding-left:6px}

main>.numbers{margin-top:clamp(34px,4.4vw,56px);border-top:2px solid var(--ink);padding-top:20px;display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:clamp(24px,4vw,56px)}
.number .big{font:600 clamp(2.3rem,1.7rem + 1.9vw,3.3rem)/1 var(--serif);letter-spacing:-.02em;margin-bottom:8px}
.number p{line-height:1.4}
.number.members .big,.number.members b{color:var(--members)}
.number.controls .big,.number.controls b{color:var(--controls)}
.people{display:block;width:100%;max-width:26rem;margin-top:16px;overflow:visible}
.people+.small{margin-top:6px}
.unsound .big,.unsound.numbers b{color:var(--soft)!important}
.unsound svg{filter:grayscale(1)}
.warning{grid-column:1/-1;font-weight:600;padding:8px 12px;background:repeating-linear-gradient(135deg,var(--sheet) 0 8px,transparent 8px 16px),var(--paper);border:1px solid var(--hair)}
main>.meaning{margin-top:clamp(36px,4.4vw,60px);display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:clamp(24px,4vw,56px)}
.meaning h2,.why h2{font-size:1.3rem}
.meaning ul,.why div{margin-top:10px}
main>.why{margin-top:36px}
.why p{max-width:52em}
.why p+p{margin-top:.6em}
.invalid+.why p:first-child{font-size:1.15rem}
.gates-line{color:var(--soft)}
a{color:inherit;text-decoration-color:var(--hair);text-underline-offset:.25em}
a:hover{text-decoration-color:currentColor}

.gate{display:inline-flex;align-items:center;gap:6px;white-space:nowrap;font-weight:600}
.gate svg{fill:none;stroke:currentColor;stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round;flex:none}
.gate.failed{color:var(--members)}
.gate.open{color:var(--soft);font-weight:400}
.soft{color:var(--soft);font-weight:400}
.tag{font-size:.8125rem;line-height:1.3;padding:0 6px;border:1px solid var(--hair);white-space:nowrap;font-weight:400;color:var(--soft)}
.stacked .soft{display:block}
.stacked td{white-space:nowrap}
.narrow{display:none}
section>h2+h3{margin-top:26px}
.lede+.scroll{margin-top:10px}

.columns{margin-top:30px;display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:clamp(24px,3.4vw,48px)}
.two-columns{grid-template-columns:repeat(2,minmax(0,1fr))}
.columns h3{margin-bottom:8px}
.columns .facts+h3{margin-top:28px}
section>h3{margin-top:40px}
section>h3+*{margin-top:8px}
.facts>div{display:grid;grid-template-columns:minmax(6.2em,2fr) 3fr;gap:12px;padding:6px 0;border-top:1px solid var(--hair);font-size:.9375rem;line-height:1.4}
.facts dt{color:var(--soft)}
.scroll{overflow-x:auto;overflow-wrap:normal}
table{border-collapse:collapse;width:100%;max-width:100%;font-size:.9375rem;line-height:1.4}
th,td{padding:7px 18px 7px 0;text-align:left;vertical-align:top;border-top:1px solid var(--hair);font-weight:400}
tbody tr:last-child>*{border-bottom:1px solid var(--hair)}
#method table.numbers{max-width:44rem}
thead th{border-top:0;color:var(--soft);font-size:.875rem;vertical-align:bottom}
.numbers td,.numbers thead th+th{text-align:right;white-space:nowrap}
.numbers thead th+th{white-space:normal}
tr>:last-child{padding-right:0}
#numbers tbody th,.quantities td:nth-child(2){font-weight:600}
.quantities td:nth-child(2),.ranged td:nth-child(3){white-space:nowrap}
.quantities th:first-child{width:27%}
.quantities th:nth-child(2){width:16%}
.ranged th:nth-child(3){width:19%}
pre{padding:12px 16px;background:var(--sheet);overflow-x:auto}
section p+pre{margin-top:10px}
pre+.small,.scroll+.small{margin-top:8px}
summary{cursor:pointer;width:fit-content;text-decoration:underline;text-decoration-color:var(--hair);text-underline-offset:.25em}
summary:hover{text-decoration-color:currentColor}

@media (max-width:860px){
  .with-lead,.columns,.two-columns{grid-template-columns:minmax(0,1fr)}
  main>.numbers{gap:22px}
  .lead{max-width:460px}
}
@media (max-width:640px){
  main>.numbers{grid-template-columns:minmax(0,1fr)}
  main>.numbers{gap:34px}
  .text thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
  .text tr,.text tbody,.text th,.text td,table.text{display:block}
  .text tr{border-top:1px solid var(--hair);padding:8px 0}
  .text tr>*{border:0!important;padding:1px 0}
  .text td:empty{display:none}
  .text tbody th{font-weight:600}
  .narrow{display:inline}
  .quantities th{width:auto!important}
  .compact td{display:inline;margin-right:.9em;font-size:.875rem}
  .compact td:has(.cell){display:none}
  .stacked .soft{display:inline}
}
`;
