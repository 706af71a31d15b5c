/** What only the reference page has. */
export const REFERENCE = `
h1+.qualifier+.small{margin-top:14px}
.contents{margin-top:clamp(34px,4.4vw,56px);display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,16rem),1fr));gap:26px clamp(24px,4vw,56px);border-top:2px solid var(--ink);padding-top:20px}
.contents ul{list-style:none;padding:0;margin-top:8px;font-size:.9375rem}
.contents li+li{margin-top:.2em}
.operation{margin-top:40px;padding-top:20px;border-top:1px solid var(--hair)}
.operation h3,.schema h3{font:600 1.3rem/1.25 var(--serif)}
.operation h4,.schema h4{margin:20px 0 6px;font-size:.9375rem;font-weight:650}
.operation p,.schema>p,.words p{margin-top:8px;max-width:52em}
.words h3{margin-top:26px}
.words pre{margin-top:10px}
.route{font-family:var(--mono);font-size:.9375rem;overflow-wrap:anywhere}
.route b{font-weight:650}
.operation pre{font:.8125rem/1.5 var(--mono)}
.words pre{font:.8125rem/1.5 var(--mono)}
.schema{margin-top:34px}
.schema .scroll{margin-top:10px}
td code,th code{overflow-wrap:anywhere}
@media (min-width:641px){.fields th:first-child{width:22%}.fields th:nth-child(2){width:26%}}
:target{scroll-margin-top:16px}
h3 a,h3 a:hover{text-decoration:none}
`;
