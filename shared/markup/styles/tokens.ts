/**
 * Colours and type. Members are vermilion, controls blue: told apart by every common kind of colour vision, and always
 * also by shape (circle, diamond) or pattern (solid, hatched). Text colours reach 4.5:1 on their ground (WCAG AA).
 */
export const TOKENS = `
:root{
  color-scheme:light dark;
  --paper:#fdfdfc;--sheet:#f3f4f4;--ink:#15181c;--soft:#50565f;--hair:#d8dbdf;--grid:#e6e8ea;
  --members:#b23c0a;--members-fill:#e2602a;--controls:#17599a;--controls-fill:#2f78bd;
  --serif:ui-serif,"Iowan Old Style","Palatino Linotype",Palatino,"URW Palladio L",Charter,"Liberation Serif",Georgia,serif;
  --sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
  --mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"Liberation Mono",monospace;
}
@media screen and (prefers-color-scheme:dark){:root{
  --paper:#111418;--sheet:#1a1e23;--ink:#eef0f2;--soft:#a8afb8;--hair:#343a42;--grid:#262b31;
  --members:#ff9866;--members-fill:#f2763f;--controls:#8cc1f5;--controls-fill:#5a9fe0;
}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 var(--sans);font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
h1,h2,h3,p,ul,ol,dl,dd,figure,pre{margin:0}
h1,h2{font-family:var(--serif);text-wrap:balance}
h1{font-size:clamp(2.1rem,1.2rem + 3.6vw,3.9rem);line-height:1.06;font-weight:600;letter-spacing:-.018em}
h2{font-size:clamp(1.5rem,1.2rem + 1.2vw,2.05rem);line-height:1.15;font-weight:600;letter-spacing:-.01em}
h3{font-size:1.0625rem;line-height:1.3;font-weight:650}
p,li{text-wrap:pretty}
ul{padding-left:1.1em}
li+li{margin-top:.5em}
li::marker{color:var(--soft)}
code{font-family:var(--mono);font-size:.92em}
cite{font-style:italic}
small{font-size:.45em;font-weight:500;letter-spacing:0}
.small{font-size:.875rem;color:var(--soft)}
.lede{max-width:46em;color:var(--soft)}
:focus-visible{outline:2px solid var(--controls);outline-offset:3px}
`;
