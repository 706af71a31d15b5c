import { createHash } from 'node:crypto';
import { whole } from '../format.ts';
import type { Report } from '../model.ts';
import { html, type Markup, type Part, trusted } from './escape.ts';
import { STYLES } from './styles.ts';

/**
 * The document around the report. The page is made from files of strangers, so it may do nothing: no script, no
 * request, no form, only pictures inside it and the one style sheet whose hash stands in the policy.
 */
export function page(report: Report, title: string, body: Part): Markup {
  const hash = createHash('sha256').update(STYLES).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const { generator, audit } = report;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="generator" content="Rewound">
<link rel="icon" href="data:,">
<title>${title} ${generator.file}</title>
<style>${trusted(STYLES)}</style>
</head>
<body>
<p class="masthead"><b>Rewound</b><span>audit of <bdi>${generator.file}</bdi></span><span>${whole(audit.samples)} samples, ${generator.width} × ${generator.height}</span></p>
<main>
${body}
</main>
<footer><p>Report <code>${audit.id}</code>, made by Rewound from <code>report.json</code> beside it. The method follows Webster, Rabin, Simon and Jurie, <cite>This Person (Probably) Exists</cite>, 2021.</p></footer>
</body>
</html>
`;
}
