// How fast pictures of a run of a million events come: the first one, and each frame while somebody scrubs. Beside
// vis-timeline, which draws the statements of the same run as its items. The last number of each row is what to compare, not the milliseconds.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { memoryPicture, ObjectNames, RunIndex, timeline, topologyPicture } from '@snoopscope/sim-core';
import { draw } from '@snoopscope/views/draw';
import { build } from '../../../scripts/build.mjs';
import { root } from '../../../scripts/install.mjs';
import { installChromium } from '../../vscode/host/install.mjs';
import { openPage } from '../../vscode/host/workbench.mjs';
import { openView, serveViews } from '../../vscode/view-host.mjs';
import { longRun } from '../long-run.ts';

const VIS_TIMELINE = path.join(root, 'node_modules/vis-timeline/standalone/umd/vis-timeline-graph2d.min.js');
const EVENTS = 1_000_000;
const FRAME_MS = 1000 / 60;
const FRAMES = 60;
/** Steps of a window in which each thing is shown. */
const READABLE = 100;

export async function run() {
  const recorded = longRun(EVENTS);
  const { index, ...first } = firstView(recorded);
  const frames = await scrub(recorded, index);
  const beside = await visTimeline(index);
  const sizes = await bundleSizes();
  const ms = (value) => value.toFixed(1);
  return {
    tables: [
      {
        title: `A run of ${recorded.events.toLocaleString('en')} events, ${recorded.steps.toLocaleString('en')} steps`,
        columns: ['', 'ms'],
        rows: [
          ['index, once and in slices', ms(first.indexed)],
          ['longest slice', ms(first.slice)],
          ['first timeline, computed and drawn', ms(first.timeline)],
          ['memory at the middle', ms(first.memory)],
          ['topology at the middle', ms(first.topology)],
        ],
      },
      {
        title: `A frame while scrubbing (a frame at 60 a second is ${ms(FRAME_MS)} ms)`,
        columns: ['window', 'computed, median', 'shown, median', 'shown, 95 %', 'both, 95 %', 'within a frame'],
        rows: frames.map(({ title, computed, shown, shownHigh, high, within }) => [
          title,
          ms(computed),
          ms(shown),
          ms(shownHigh),
          ms(high),
          `${Math.round(within * 100)} %`,
        ]),
        notes: [
          'Computed where the run is, shown in the page: in VS Code these are two processes, and a page shows where the',
          'cursor is before the next picture has come.',
        ],
      },
      {
        title: 'Beside vis-timeline, in the same browser',
        columns: ['', 'first view, ms', 'frame, ms'],
        rows: beside.map(({ title, first: at, frame }) => [title, ms(at), ms(frame)]),
      },
      {
        title: 'Bundles, minified',
        columns: ['', 'kB', 'kB gzip'],
        rows: sizes.map(({ title, size, gzip }) => [title, ms(size / 1024), ms(gzip / 1024)]),
      },
    ],
    result: { events: recorded.events, steps: recorded.steps, first, frames, beside, sizes },
  };
}

function firstView(recorded) {
  const index = new RunIndex(recorded);
  let slice = 0;
  const [, indexed] = timed(() => {
    let began = performance.now();
    for (const _ of index.extending()) {
      slice = Math.max(slice, performance.now() - began);
      began = performance.now();
    }
  });
  const [, drawn] = timed(() => draw(timeline(index), 1200));
  const cursor = recorded.cursor();
  cursor.seek(recorded.steps >> 1);
  const names = new ObjectNames(recorded);
  memoryPicture(cursor, names);
  const [, memory] = timed(() => memoryPicture(cursor, names));
  const [, topology] = timed(() => topologyPicture(cursor, names));
  return { index, indexed, slice, timeline: drawn, memory, topology };
}

async function scrub(recorded, index) {
  const views = await serveViews();
  const { browser } = await openPage(await installChromium());
  try {
    const { steps } = recorded;
    const middle = steps >> 1;
    const inside = (size) => (frame) => ({
      window: around(middle, steps, size),
      cursor: around(middle, steps, size).first + Math.round((frame / FRAMES) * size),
    });
    const windows = {
      'the whole run': inside(steps),
      'a tenth of it': inside(Math.round(steps / 10)),
      'what can be read': inside(READABLE),
      'what can be read, and it moves': (frame) => ({
        window: around(middle + frame * 10, steps, READABLE),
        cursor: middle + frame * 10,
      }),
    };
    const frames = [];
    for (const [title, place] of Object.entries(windows)) {
      const picture = (frame) => {
        const { cursor, window } = place(frame);
        return timeline(index, { ...window, cursor });
      };
      const { page } = await openView(browser, views.url, 'timeline', () => picture(0));
      const computed = [];
      const shown = [];
      for (let frame = 0; frame < FRAMES; frame++) {
        const [record, took] = timed(() => picture(frame));
        computed.push(took);
        shown.push(await page.evaluate(show, record));
      }
      await page.close();
      const both = computed.map((took, i) => took + shown[i]);
      frames.push({
        title,
        computed: quantile(computed, 0.5),
        shown: quantile(shown, 0.5),
        shownHigh: quantile(shown, 0.95),
        high: quantile(both, 0.95),
        within: both.filter((took) => took <= FRAME_MS).length / both.length,
      });
    }
    return frames;
  } finally {
    await browser.close();
    views.close();
  }
}

/** In the page: a record set, rendered and laid out. */
async function show(record) {
  const view = document.querySelector('snoop-timeline');
  const began = performance.now();
  view.picture = record;
  await view.updateComplete;
  view.shadowRoot.querySelector('svg').getBoundingClientRect();
  return performance.now() - began;
}

function around(position, steps, size) {
  const first = Math.max(0, Math.min(steps - size, Math.round(position - size / 2)));
  return { first, end: first + size };
}

/** Items for the first statements: as many as vis-timeline shows in a time that somebody waits. */
async function visTimeline(index) {
  const { browser, page } = await openPage(await installChromium());
  try {
    await page.setContent('<div id="view" style="width:1200px;height:400px"></div>');
    await page.addScriptTag({ content: await readFile(VIS_TIMELINE, 'utf8') });
    const rows = [];
    for (const count of [1000, 10_000, 50_000]) {
      const { lanes } = timeline(index, { first: 0, end: count, marks: Number.POSITIVE_INFINITY });
      const items = lanes.flatMap(({ id, spans }) =>
        spans.map(({ from, end, text }) => ({ start: from * 1000, end: end * 1000, content: text, group: id })),
      );
      const groups = lanes.map(({ id, name }) => ({ id, content: name }));
      const { first, frame } = await page.evaluate(visFrames, { items, groups, size: READABLE * 1000 });
      rows.push({
        title: `vis-timeline, ${items.length.toLocaleString('en')} items, ${READABLE} steps of it shown`,
        first,
        frame,
      });
    }
    return rows;
  } finally {
    await browser.close();
  }
}

/** In the page: a timeline made, and its window moved. */
async function visFrames({ items, groups, size }) {
  const place = document.getElementById('view');
  place.replaceChildren();
  const began = performance.now();
  const shown = new window.vis.Timeline(place, items, groups, { start: 0, end: size, stack: false, height: '400px' });
  await new Promise((resolve) => shown.on('changed', resolve));
  const first = performance.now() - began;
  const took = [];
  for (let frame = 1; frame <= 20; frame++) {
    const at = performance.now();
    shown.setWindow(frame * (size / 20), frame * (size / 20) + size, { animation: false });
    shown.redraw();
    place.getBoundingClientRect();
    took.push(performance.now() - at);
  }
  shown.destroy();
  return { first, frame: took.sort((a, b) => a - b)[10] };
}

async function bundleSizes() {
  await build(['view-page-browser'], { minify: true });
  const files = {
    'page of the views': path.join(root, 'dist/view-page-browser.js'),
    'vis-timeline': VIS_TIMELINE,
  };
  const rows = [];
  for (const [title, file] of Object.entries(files)) {
    rows.push({ title, size: (await stat(file)).size, gzip: gzipSync(await readFile(file)).length });
  }
  return rows;
}

function timed(work) {
  const began = performance.now();
  const result = work();
  return [result, performance.now() - began];
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
