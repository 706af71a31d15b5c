/** Paper: the light colours, everything unfolded, and no pair or chart cut in two. */
export const PRINT = `
@page{margin:14mm}
@media print{
  :root{color-scheme:light}
  body{font-size:10.5pt;background:none;print-color-adjust:exact;-webkit-print-color-adjust:exact}
  .masthead,main,footer{max-width:none;padding-inline:0}
  main>section{margin-top:28pt}
  .with-lead{grid-template-columns:minmax(0,1.35fr) minmax(0,1fr)}
  main>.numbers,.columns{grid-template-columns:repeat(3,minmax(0,1fr));gap:18pt}
  main>.meaning{grid-template-columns:repeat(3,minmax(0,1fr));gap:18pt}
  .two-columns{grid-template-columns:1fr 1fr}
  .pairs{grid-template-columns:repeat(4,minmax(0,1fr));gap:16pt 12pt}
  .chance-row .pairs{grid-template-columns:repeat(4,minmax(0,1fr))}
  .chance-row{margin-inline:0}
  .seed{flex-direction:column;gap:0}
  .state{text-align:left}
  h1{font-size:28pt}
  h2,h3{break-after:avoid}
  .pair,.chart-row,.number,.lead,.facts>div,tr,pre,.meaning>div{break-inside:avoid}
  .chart-row{grid-template-columns:minmax(0,1.5fr) minmax(0,1fr);margin-top:20pt}
  table{font-size:9pt}
  th,td{padding-right:10pt}
  .cell{min-width:80px}
  .stacked td{white-space:normal}
  .scroll,.chart-row details .scroll{overflow:visible;max-height:none}
  /* Unfolded, except the tables: the charts say the same. */
  .more::details-content{content-visibility:visible;display:block;height:auto}
  .more>summary{list-style:none;text-decoration:none}
  .chart-row details{display:none}
}
`;
