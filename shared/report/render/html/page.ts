import { createHash } from 'node:crypto';
import { whole } from '../../format.ts';
import type { Report } from '../../model.ts';
import { html, type Markup, type Part, trusted } from './escape.ts';
import { STYLES } from './styles.ts';

export function page(report: Report, title: string, body: Part): Markup {
  const { generator, audit } = report;
  return sheet({
    title: `${title} ${generator.file}`,
    masthead: html`<span>audit of <bdi>${generator.file}</bdi></span><span>${whole(audit.samples)} samples, ${generator.width} × ${generator.height}</span>`,
    body,
    footer: html`<p>Report <code>${audit.id}</code>, made by Rewound from <code>report.json</code> beside it. The method follows Webster, Rabin, Simon and Jurie, <cite>This Person (Probably) Exists</cite>, 2021.</p>`,
  });
}

interface Sheet {
  readonly title: string;
  readonly masthead: Part;
  readonly body: Part;
  readonly footer: Part;
  readonly styles?: string;
}

/**
 * The document around what is written. It is made from files of strangers, so it may do nothing: no script, no request,
 * no form, only pictures inside it and the one style sheet whose hash stands in the policy.
 */
export function sheet({ title, masthead, body, footer, styles = STYLES }: Sheet): Markup {
  const hash = createHash('sha256').update(styles).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
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
<title>${title}</title>
<style>${trusted(styles)}</style>
</head>
<body>
<p class="masthead"><b>Rewound</b>${masthead}</p>
<main>
${body}
</main>
<footer>${footer}</footer>
</body>
</html>
`;
}
