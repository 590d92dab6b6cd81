// The page of a view: nothing but one element and the script that makes it. It can load nothing else, and ask nobody.

export interface PageParts {
  /** Address of the script. */
  readonly script: string;
  /** A word that nobody can guess, new for each page: only the script that has it runs. */
  readonly nonce: string;
  /** The element that shows the picture: `snoop-timeline`. */
  readonly element: string;
  readonly title: string;
  readonly language: string;
}

export function viewPage({ script, nonce, element, title, language }: PageParts): string {
  return `<!DOCTYPE html>
<html lang="${attribute(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-${attribute(nonce)}'; style-src 'nonce-${attribute(nonce)}'">
<title>${attribute(title)}</title>
<style nonce="${attribute(nonce)}">html, body { height: 100%; margin: 0; padding: 0; overflow: hidden; } main { height: 100%; } h1 { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }</style>
</head>
<body>
<main><h1>${attribute(title)}</h1><${element} id="view"></${element}></main>
<script nonce="${attribute(nonce)}" src="${attribute(script)}"></script>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function attribute(text: string): string {
  return text.replaceAll(/[&<>"]/g, (c) => ENTITIES[c] ?? c);
}
