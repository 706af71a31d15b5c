/** The document around every page that Rewound writes: reports, trends, contact sheets and the reference of the API. */
import { createHash } from 'node:crypto';
import { html, type Markup, type Part, trusted } from './escape.ts';

interface Sheet {
  readonly title: string;
  readonly masthead: Part;
  readonly body: Part;
  readonly footer: Part;
  readonly styles: string;
}

/**
 * The document around what is written. It is made from files of strangers, so it may do nothing: no script, no request,
 * no form, only pictures inside it and the one style sheet whose hash stands in the policy.
 */
export function sheet({ title, masthead, body, footer, styles }: Sheet): Markup {
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
