/** The look of pictures: in VS Code in the colours of its theme, in a file in those given here. */

type Colours = Readonly<Record<string, string>>;

const LIGHT: Colours = {
  fg: '#1f2328',
  dim: '#57606a',
  bg: '#ffffff',
  line: '#8c959f',
  fill: '#eef1f4',
  blue: '#0550ae',
  green: '#116329',
  orange: '#953800',
  purple: '#6639ba',
  red: '#b3202a',
  focus: '#0969da',
  link: '#0550ae',
};
const DARK: Colours = {
  fg: '#e6edf3',
  dim: '#9198a1',
  bg: '#0d1117',
  line: '#6e7681',
  fill: '#21262d',
  blue: '#79c0ff',
  green: '#7ee787',
  orange: '#ffa657',
  purple: '#d2a8ff',
  red: '#ff7b72',
  focus: '#58a6ff',
};
/** Where the reader has chosen a few colours for everything. */
const FORCED: Colours = { fg: 'CanvasText', dim: 'CanvasText', bg: 'Canvas', line: 'CanvasText' };
/** The colours of VS Code's theme, the first one that it has. */
const THEME: Readonly<Record<string, readonly string[]>> = {
  fg: ['foreground'],
  dim: ['descriptionForeground'],
  bg: ['panel-background', 'editor-background'],
  line: ['contrastBorder', 'descriptionForeground'],
  fill: ['editorWidget-background'],
  blue: ['charts-blue'],
  green: ['charts-green'],
  orange: ['charts-orange'],
  purple: ['charts-purple'],
  red: ['errorForeground'],
  focus: ['focusBorder'],
  link: ['textLink-foreground'],
};
const FONT = 'ui-monospace, Menlo, Consolas, monospace';

const RULES = `
.snoop-picture text { fill: var(--snoop-fg); font-size: 11px; pointer-events: none; }
.snoop-picture .paper { fill: var(--snoop-bg); }
.snoop-picture .dim, .snoop-picture text.dim { fill: var(--snoop-dim); }
.snoop-picture .over { paint-order: stroke; stroke: var(--snoop-bg); stroke-width: 4px; stroke-linejoin: round; }
.snoop-picture text.small { font-size: 10px; }
.snoop-picture .strong, .snoop-picture text.strong { font-weight: bold; }
.snoop-picture .centre { text-anchor: middle; }
.snoop-picture .right { text-anchor: end; }
.snoop-picture .rule { stroke: var(--snoop-line); stroke-opacity: 0.45; }
.snoop-picture .stripe { fill: var(--snoop-fill); fill-opacity: 0.5; }
.snoop-picture .span { fill: var(--snoop-fill); stroke: var(--snoop-line); stroke-opacity: 0.7; }
.snoop-picture .span.waits { fill-opacity: 0; stroke-dasharray: 3 2; }
.snoop-picture .span.failed { stroke: var(--snoop-red); stroke-width: 1.5; }
.snoop-picture .band { fill: var(--snoop-blue); fill-opacity: 0.25; stroke: var(--snoop-blue); stroke-opacity: 0.6; }
.snoop-picture .exit-span { stroke: var(--snoop-orange); stroke-width: 2; }
.snoop-picture .lock { stroke: var(--snoop-purple); stroke-width: 3; }
.snoop-picture .lock.waits { stroke-dasharray: 2 3; }
.snoop-picture .mark { fill: var(--snoop-bg); stroke: var(--snoop-fg); stroke-width: 1.2; }
.snoop-picture .mark.hot { stroke: var(--snoop-red); stroke-width: 2; }
.snoop-picture .mark.warm { stroke: var(--snoop-orange); stroke-width: 1.6; }
.snoop-picture .mark.cool { stroke: var(--snoop-blue); stroke-width: 1.6; }
.snoop-picture text.letter { font-size: 9px; text-anchor: middle; font-weight: bold; }
.snoop-picture .cell { fill: var(--snoop-dim); }
.snoop-picture .arrow { fill: none; stroke: var(--snoop-green); stroke-width: 1.4; }
.snoop-picture .arrow.past { stroke: var(--snoop-red); stroke-dasharray: 5 3; }
.snoop-picture .arrow.ipi { stroke: var(--snoop-purple); stroke-dasharray: 2 2; }
.snoop-picture .arrow.quiet { stroke: var(--snoop-dim); }
.snoop-picture .value { fill: var(--snoop-bg); stroke: var(--snoop-line); stroke-opacity: 0.7; }
.snoop-picture .value.stale { stroke: var(--snoop-red); stroke-opacity: 1; stroke-dasharray: 3 2; }
.snoop-picture .value.held { fill: var(--snoop-fill); }
.snoop-picture .value.changed { stroke: var(--snoop-orange); stroke-opacity: 1; stroke-width: 2; }
.snoop-picture .chain { fill: none; stroke: var(--snoop-red); stroke-width: 2; stroke-opacity: 0.75; }
.snoop-picture .chain-number { fill: var(--snoop-red); }
.snoop-picture text.on-chain { fill: var(--snoop-bg); font-size: 9px; text-anchor: middle; font-weight: bold; }
.snoop-picture .cursor { stroke: var(--snoop-focus); stroke-width: 2; }
.snoop-picture .cursor-head { fill: var(--snoop-focus); }
.snoop-picture .node { fill: var(--snoop-fill); stroke: var(--snoop-line); }
.snoop-picture .node.changed { stroke: var(--snoop-orange); stroke-width: 2.5; }
.snoop-picture .node.lit { stroke: var(--snoop-blue); stroke-width: 3; }
.snoop-picture .node.end { stroke-width: 2.5; }
.snoop-picture .edge { fill: none; stroke: var(--snoop-line); stroke-width: 1.2; }
.snoop-picture .edge.quiet { stroke-opacity: 0.4; stroke-dasharray: 2 3; }
.snoop-picture .edge.changed { stroke: var(--snoop-orange); stroke-width: 2.5; }
.snoop-picture .edge.lit { stroke: var(--snoop-blue); stroke-width: 3; stroke-opacity: 1; stroke-dasharray: none; }
.snoop-picture .label-paper { fill: var(--snoop-bg); fill-opacity: 0.85; }
.snoop-picture .bar { fill: var(--snoop-blue); fill-opacity: 0.55; stroke: var(--snoop-blue); }
.snoop-picture .verdict-fails { fill: var(--snoop-red); }
.snoop-picture .verdict-holds { fill: var(--snoop-green); }
.snoop-picture text.action { fill: var(--snoop-link); }
.snoop-picture .button { fill: var(--snoop-bg); stroke: var(--snoop-line); stroke-opacity: 0.7; }
.snoop-picture.file .action { display: none; }
.snoop-picture .choice { cursor: pointer; }
.snoop-picture .choice:focus { outline: none; }
.snoop-picture .choice:focus > :first-child, .snoop-picture .choice:hover > :first-child {
  stroke: var(--snoop-focus); stroke-width: 2.5; stroke-opacity: 1;
}
`;

/** For a page: where VS Code gives no colours, the light ones. */
export const STYLE = `
.snoop-picture {
  ${variables(Object.fromEntries(Object.entries(THEME).map(([name, theme]) => [name, themed(theme, LIGHT[name]!)])))}
  font: 11px var(--vscode-editor-font-family, ${FONT});
}
${RULES}
@media (forced-colors: active) { .snoop-picture { ${variables(FORCED)} } }
`;

/**
 * For a file, light or dark as the reader prefers. Colours are written out: drawing programs and viewers outside of browsers
 * know no variables, and would paint everything black.
 */
export const FILE_STYLE = `
.snoop-picture { font: 11px ${FONT}; }
${RULES.replaceAll(/var\(--snoop-(\w+)\)/g, (_, name: string) => LIGHT[name]!)}
@media (prefers-color-scheme: dark) { ${recoloured(DARK)} }
@media (forced-colors: active) { ${recoloured(FORCED)} }
`;

function themed(names: readonly string[], fallback: string): string {
  return names.reduceRight((value, name) => `var(--vscode-${name}, ${value})`, fallback);
}

function variables(colours: Colours): string {
  return Object.entries(colours)
    .map(([name, value]) => `--snoop-${name}: ${value};`)
    .join(' ');
}

/** The rules again, with those of their declarations alone that these colours change. */
function recoloured(colours: Colours): string {
  return [...RULES.matchAll(/([^{}]+)\{([^{}]*)\}/g)]
    .flatMap(([, selector = '', body = '']) => {
      const changed = body.split(';').flatMap((declaration) => {
        const [, name = ''] = /var\(--snoop-(\w+)\)/.exec(declaration) ?? [];
        return colours[name] === undefined ? [] : [declaration.replace(/var\(--snoop-\w+\)/, colours[name])];
      });
      return changed.length === 0 ? [] : [`${selector.trim()} {${changed.join(';')} }`];
    })
    .join(' ');
}
