// What one picture shows no other can contradict, and no window another.
import { EVENT_WIDTH, memoryPicture, NOTE, RunIndex, timeline, viewText } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import { LOCK_NAMES } from '../../sim-core/src/pictures/locks.ts';
import { GALLERY, modelOf, recorded, scenarioText } from './recorded.ts';

const some = GALLERY.filter((_, i) => i % 4 === 0);

test.each(some)('%s: the rows of the timeline are the cells of memory at each position', (file) => {
  const { run, index, names } = recorded(modelOf(scenarioText(file)));
  const rows = new Map(
    timeline(index, { cells: run.steps + 1 }).rows.map((row) => [`${row.of} ${row.name}`, row.segments]),
  );
  const cursor = run.cursor();
  for (let step = 0; step < run.steps; step++) {
    cursor.seek(step + 1);
    const { columns, pages } = memoryPicture(cursor, names);
    for (const { name, cells } of pages.flatMap(({ lines }) => lines).flatMap(({ words }) => words)) {
      for (const [i, cell] of cells.entries()) {
        const segments = rows.get(`${name} ${columns[i]?.name}`);
        // A value that never changes has no row.
        const segment = segments?.find(({ from, end }) => from <= step && step < end);
        if (segments)
          expect(segment && viewText(segment), `${name} ${columns[i]?.name} after ${step}`).toBe(viewText(cell));
      }
    }
  }
});

describe('windows', () => {
  const { run, index } = recorded(modelOf(scenarioText('wbinvd/local-cpu-not-flushed.snoop')));
  const whole = timeline(index, { marks: Number.POSITIVE_INFINITY });

  test('a window has what the whole has there', () => {
    for (let first = 0; first < run.steps; first += 7) {
      const window = timeline(index, { first, end: first + 10 });
      for (const [i, lane] of window.lanes.entries()) {
        const { end } = window.window;
        expect(lane.marks).toEqual(whole.lanes[i]?.marks.filter(({ step }) => step >= first && step < end));
        expect(lane.spans).toEqual(whole.lanes[i]?.spans.filter((span) => span.from < end && span.end > first));
        expect(lane.exits).toEqual(whole.lanes[i]?.exits.filter((exit) => exit.from < end && exit.end > first));
      }
    }
  });

  test('counted cells lose nothing', () => {
    const counted = timeline(index, { marks: 0, cells: 9 });
    expect(counted.notices).toHaveLength(1);
    for (const [i, { cells = [], name }] of counted.lanes.entries()) {
      const lane = whole.lanes[i];
      expect(
        cells.reduce((sum, cell) => sum + cell.marks, 0),
        name,
      ).toBe(lane?.marks.length);
      expect(
        cells.reduce((sum, cell) => sum + cell.statements, 0),
        name,
      ).toBe(lane?.spans.length);
      expect(new Set(cells.flatMap(({ kinds }) => kinds))).toEqual(new Set(lane?.marks.map(({ kind }) => kind)));
    }
  });

  test('an index that grows with its run is the index of the whole', () => {
    const model = modelOf(scenarioText('kvm-vfio/release-and-open-take-locks-crosswise.snoop'));
    const again = recorded(model);
    const { run: growing } = { run: recorded(model, { maxSteps: 1 }).run };
    expect(growing.end?.kind).toBe('limit');
    const stepped = new RunIndex(again.run);
    for (const _ of stepped.extending()) {
      // Slice by slice.
    }
    expect(timeline(stepped)).toEqual(timeline(again.index));
  });

  test('a filter shows what has the text in it', () => {
    const filtered = new RunIndex(run, 'wbinvd');
    filtered.extend();
    const marks = timeline(filtered).lanes.flatMap((lane) => lane.marks);
    expect(marks.map(({ text }) => text)).toEqual(['vcpu0 leaves the guest: WBINVD']);
    const nothing = new RunIndex(run, 'no such thing');
    nothing.extend();
    expect(timeline(nothing).notices).toEqual(['Nothing in this run matches `no such thing`.']);
  });
});

test('every lock that a scenario takes is one that the timeline knows', () => {
  for (const file of GALLERY) {
    const { run } = recorded(modelOf(scenarioText(file)));
    const { layout } = run.model;
    for (const { name } of layout.fields)
      if (/Lock$/.test(name)) expect(LOCK_NAMES, `${file}: ${name}`).toHaveProperty(name);
    for (let event = 0; event < run.events; event++)
      expect(run.log[event * EVENT_WIDTH]).toBeGreaterThanOrEqual(Math.min(...Object.values(NOTE)));
  }
});
