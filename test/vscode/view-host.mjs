// The pages of the views in the browser that the host has, with a stand-in for VS Code: records go in, intents come out.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import {
  elaborate,
  explorationReport,
  explore,
  exploringGraph,
  kernelOf,
  memoryPicture,
  NEWEST,
  ObjectNames,
  outcomesPicture,
  parse,
  profilesNamed,
  Run,
  RunIndex,
  timeline,
  topologyPicture,
  verdictOf,
} from '@snoopscope/sim-core';
import { ELEMENTS } from '@snoopscope/views/tags';
import { TimelineWindow } from '@snoopscope/views/window';
import { viewPage } from '../../client/vscode/src/views/page.ts';
import { build } from '../../scripts/build.mjs';
import { root } from '../../scripts/install.mjs';

const NONCE = 'bm9uY2U';

/** Serves the page of each view at /NAME, as the extension writes it. */
export async function serveViews() {
  await build(['view-page-browser']);
  const script = await readFile(path.join(root, 'dist/view-page-browser.js'));
  const server = createServer(({ url = '' }, answer) => {
    const name = url.slice(1);
    if (Object.hasOwn(ELEMENTS, name)) {
      answer.setHeader('content-type', 'text/html');
      answer.end(viewPage({ script: '/view.js', nonce: NONCE, element: ELEMENTS[name], title: name, language: 'en' }));
    } else {
      answer.setHeader('content-type', 'text/javascript');
      answer.statusCode = name === 'view.js' ? 200 : 404;
      answer.end(name === 'view.js' ? script : '');
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Themes of VS Code, as far as the views look at them. */
export const THEMES = {
  dark: {
    '--vscode-foreground': '#cccccc',
    '--vscode-descriptionForeground': '#9d9d9d',
    '--vscode-panel-background': '#181818',
    '--vscode-editorWidget-background': '#202020',
    '--vscode-editorWidget-border': '#8a8a8a',
    '--vscode-charts-blue': '#3794ff',
    '--vscode-charts-green': '#89d185',
    '--vscode-charts-orange': '#d18616',
    '--vscode-charts-purple': '#b180d7',
    '--vscode-errorForeground': '#f85149',
    '--vscode-focusBorder': '#0078d4',
    '--vscode-button-secondaryBackground': '#313131',
    '--vscode-button-secondaryForeground': '#cccccc',
    '--vscode-input-background': '#313131',
    '--vscode-input-foreground': '#cccccc',
    '--vscode-input-placeholderForeground': '#989898',
  },
  light: {
    '--vscode-foreground': '#3b3b3b',
    '--vscode-descriptionForeground': '#3b3b3b',
    '--vscode-panel-background': '#f8f8f8',
    '--vscode-editorWidget-background': '#f3f3f3',
    '--vscode-editorWidget-border': '#767676',
    '--vscode-charts-blue': '#1a5fb4',
    '--vscode-charts-green': '#388a34',
    '--vscode-charts-orange': '#a85b00',
    '--vscode-charts-purple': '#652d90',
    '--vscode-errorForeground': '#c72e0f',
    '--vscode-focusBorder': '#005fb8',
    '--vscode-button-secondaryBackground': '#e5e5e5',
    '--vscode-button-secondaryForeground': '#3b3b3b',
    '--vscode-input-background': '#ffffff',
    '--vscode-input-foreground': '#3b3b3b',
    '--vscode-input-placeholderForeground': '#767676',
  },
  'high contrast': {
    '--vscode-foreground': '#ffffff',
    '--vscode-descriptionForeground': '#ffffff',
    '--vscode-panel-background': '#000000',
    '--vscode-editorWidget-background': '#0c141f',
    '--vscode-editorWidget-border': '#6fc3df',
    '--vscode-charts-blue': '#3794ff',
    '--vscode-charts-green': '#89d185',
    '--vscode-charts-orange': '#ffb86c',
    '--vscode-charts-purple': '#d9b3ff',
    '--vscode-errorForeground': '#ff8e8e',
    '--vscode-focusBorder': '#f38518',
    '--vscode-contrastBorder': '#6fc3df',
    '--vscode-button-secondaryBackground': '#000000',
    '--vscode-button-secondaryForeground': '#ffffff',
    '--vscode-input-background': '#000000',
    '--vscode-input-foreground': '#ffffff',
    '--vscode-input-placeholderForeground': '#ffffff',
  },
  'high contrast light': {
    '--vscode-foreground': '#292929',
    '--vscode-descriptionForeground': '#292929',
    '--vscode-panel-background': '#ffffff',
    '--vscode-editorWidget-background': '#ffffff',
    '--vscode-editorWidget-border': '#0f4a85',
    '--vscode-charts-blue': '#0f4a85',
    '--vscode-charts-green': '#1f6b1c',
    '--vscode-charts-orange': '#8a4600',
    '--vscode-charts-purple': '#652d90',
    '--vscode-errorForeground': '#b5200d',
    '--vscode-focusBorder': '#006bbd',
    '--vscode-contrastBorder': '#0f4a85',
    '--vscode-button-secondaryBackground': '#ffffff',
    '--vscode-button-secondaryForeground': '#292929',
    '--vscode-input-background': '#ffffff',
    '--vscode-input-foreground': '#292929',
    '--vscode-input-placeholderForeground': '#595959',
  },
};

/**
 * Opens the page of one view and answers its intents as the extension does, from a run. `intents` are those that came.
 */
export async function openView(
  browser,
  url,
  name,
  record,
  { theme = 'dark', onIntent = () => {}, width = 1200, height = 420, exploration } = {},
) {
  const intents = [];
  const fresh = await browser.newPage({ viewport: { width, height } });
  const tell = (message) => fresh.evaluate((data) => window.postMessage(data, '*'), message);
  const show = (picture) => tell({ kind: 'picture', picture });
  await fresh.exposeFunction('toExtension', async (message) => {
    if (message.kind === 'ready') {
      if (exploration) await tell({ kind: 'exploration', exploration });
      await show(record());
    } else {
      intents.push(message.intent);
      if (onIntent(message.intent)) await show(record());
    }
  });
  await fresh.addInitScript(() => {
    window.acquireVsCodeApi = () => ({ postMessage: (message) => void window.toExtension(message) });
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective }) =>
      window.violations.push(violatedDirective),
    );
  });
  await fresh.goto(`${url}/${name}`);
  await fresh.evaluate((variables) => {
    for (const [variable, value] of Object.entries(variables))
      document.documentElement.style.setProperty(variable, value);
    document.body.style.backgroundColor = variables['--vscode-panel-background'];
  }, THEMES[theme]);
  await fresh.locator('svg').first().waitFor();
  return { page: fresh, intents, show, tell };
}

/** The pictures of a scenario, with a cursor that intents move. */
export function picturesOf(text) {
  const parsed = parse(text);
  const profile = kernelOf(parsed) ?? profilesNamed(parsed)[0] ?? NEWEST;
  const { model } = elaborate(parsed, { profile });
  const run = new Run(model);
  run.runToEnd();
  const window = new TimelineWindow();
  const names = new ObjectNames(run);
  let index = new RunIndex(run);
  index.extend();
  const finding = index.findings.size > 0 ? index.findings.at(0, 1) : undefined;
  let position = finding === undefined ? run.steps : run.stepOfEvent(finding) + 1;
  const cursor = run.cursor();
  const at = () => {
    cursor.seek(position);
    return cursor;
  };
  return {
    run,
    timeline: () =>
      timeline(index, {
        ...window.at(run.steps, position),
        cursor: position,
        ...(finding !== undefined && position === run.stepOfEvent(finding) + 1 && { chain: finding }),
      }),
    memory: () => memoryPicture(at(), names),
    topology: () => topologyPicture(at(), names),
    outcomes() {
      const verdict = verdictOf(model, profile, explore(model));
      const slices = exploringGraph(model, model.granularity);
      let slice = slices.next();
      while (!slice.done) slice = slices.next();
      return outcomesPicture(explorationReport(verdict), slice.value ?? 'too large');
    },
    /** True when there is another picture to show. */
    intend(intent) {
      if (intent.kind === 'goTo') position = intent.position;
      else if (intent.kind === 'goToEvent') position = run.stepOfEvent(intent.event) + 1;
      else if (intent.kind === 'window') window.choose(intent, run.steps);
      else if (intent.kind === 'filter') {
        index = new RunIndex(run, intent.text);
        index.extend();
      } else return false;
      return true;
    },
  };
}
