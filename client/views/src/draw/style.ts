/**
 * The look of pictures: colours are those of VS Code's theme where there is one. In a file and on a plain page they are
 * the ones given here, light or dark as the reader prefers.
 */
export const STYLE = `
.snoop-picture {
  --snoop-fg: var(--vscode-foreground, #1f2328);
  --snoop-dim: var(--vscode-descriptionForeground, #57606a);
  --snoop-bg: var(--vscode-panel-background, var(--vscode-editor-background, #ffffff));
  --snoop-line: var(--vscode-contrastBorder, var(--vscode-descriptionForeground, #8c959f));
  --snoop-fill: var(--vscode-editorWidget-background, #eef1f4);
  --snoop-blue: var(--vscode-charts-blue, #0550ae);
  --snoop-green: var(--vscode-charts-green, #116329);
  --snoop-orange: var(--vscode-charts-orange, #953800);
  --snoop-purple: var(--vscode-charts-purple, #6639ba);
  --snoop-red: var(--vscode-errorForeground, #b3202a);
  --snoop-focus: var(--vscode-focusBorder, #0969da);
  --snoop-link: var(--vscode-textLink-foreground, #0550ae);
  font: 11px var(--vscode-editor-font-family, ui-monospace, Menlo, Consolas, monospace);
}
@media (prefers-color-scheme: dark) {
  .snoop-picture.file {
    --snoop-fg: #e6edf3; --snoop-dim: #9198a1; --snoop-bg: #0d1117; --snoop-line: #6e7681; --snoop-fill: #21262d;
    --snoop-blue: #79c0ff; --snoop-green: #7ee787; --snoop-orange: #ffa657; --snoop-purple: #d2a8ff;
    --snoop-red: #ff7b72; --snoop-focus: #58a6ff;
  }
}
.snoop-picture text { fill: var(--snoop-fg); font-size: 11px; pointer-events: none; }
.snoop-picture .paper { fill: var(--snoop-bg); }
.snoop-picture .dim, .snoop-picture text.dim { fill: var(--snoop-dim); }
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
@media (forced-colors: active) {
  .snoop-picture { --snoop-fg: CanvasText; --snoop-bg: Canvas; --snoop-line: CanvasText; --snoop-dim: CanvasText; }
}
`;
