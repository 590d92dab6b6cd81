/** A recorded sequence printed as a scenario runs as the recording did: every declared result is met. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FINDINGS } from '../../sim-core/src/engine/monitors/table.ts';
import {
  elaborate,
  parse,
  parseRecording,
  profileOfRecording,
  Run,
  recordingScenario,
} from '../../sim-core/src/index.ts';
import { EVENT_WIDTH } from '../../sim-core/src/state/event.ts';
import { NOTE } from '../../sim-core/src/state/machine.ts';

const folder = new URL('recordings/', import.meta.url);
const EVERY = 25;

describe('recorded sequences as scenarios', () => {
  for (const file of readdirSync(folder)) {
    it(file, () => {
      const { header, sequences } = parseRecording(gunzipSync(readFileSync(new URL(file, folder))).toString('utf8'));
      const { profile } = profileOfRecording(header);
      for (const sequence of sequences.filter((_, i) => i % EVERY === 0)) {
        const text = recordingScenario(header, sequence);
        const { model, diagnostics } = elaborate(parse(text), { profile });
        expect(diagnostics, sequence.id).toEqual([]);
        if (!model) continue;
        const run = new Run(model);
        const end = run.runToEnd();
        expect(run.scheduleProblem, sequence.id).toBeUndefined();
        expect(end.kind, sequence.id).toBe('completed');
        const { log, length } = run.executor.machine;
        const unexpected: number[] = [];
        for (let at = 0; at < length; at += EVENT_WIDTH) {
          const finding = log[at] === NOTE.finding ? FINDINGS[log[at + 1]!] : undefined;
          if (finding === 'unexpected-result') unexpected.push(at);
        }
        expect(unexpected, `${sequence.id}\n${text}`).toEqual([]);
      }
    });
  }
});
