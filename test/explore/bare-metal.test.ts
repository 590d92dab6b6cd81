/**
 * A finding that is a violation says that the host broke a promise. On bare metal there is no host, so the guest's
 * program alone must not yield one, over the gallery and over random programs.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Granularity } from '../../sim-core/src/engine/model.ts';
import { explore } from '../../sim-core/src/explore/explore.ts';
import type { Model } from '../../sim-core/src/index.ts';
import { ModelLimit } from '../../sim-core/src/limits.ts';
import { inVm, onBareMetal } from './bare-metal.ts';
import { type GuestProgram, guestProgram, scenarioOf } from './guest-program.ts';

const GALLERY = join(import.meta.dirname, '../../scenarios');
/** `RUNS=10000` for a long search by hand. */
const RUNS = Number(process.env.RUNS ?? 400);
const MAX_STATES = 3_000;
const KERNEL = 'v6.12';

/** What only a host can do wrong to a guest's memory. */
const VIOLATIONS = ['stale-read', 'lost-write'] as const;

function violations(model: Model, granularity: Granularity = 'statement'): string[] {
  const { findings } = explore(model, { granularity, maxStates: MAX_STATES });
  return findings.map(({ finding }) => finding).filter((finding) => VIOLATIONS.some((wrong) => wrong === finding));
}

describe('on bare metal', () => {
  // CR0.CD is per CPU and has hits that remain, which effective types do not express; MTRRs are the guest's own there.
  const files = globSync('**/*.snoop', { cwd: GALLERY }).filter((file) => {
    const text = readFileSync(join(GALLERY, file), 'utf8');
    return /^vcpu /m.test(text) && /^device /m.test(text) && !/\bcr0\b/.test(text) && !/^host\b/m.test(text);
  });

  it('has scenarios of the gallery to look at', () => expect(files.length).toBeGreaterThan(15));

  it.each(files)('no host is blamed in %s', (file) => {
    expect(violations(onBareMetal(readFileSync(join(GALLERY, file), 'utf8'), KERNEL))).toEqual([]);
  });

  it('no host is blamed in random programs', () => {
    let searched = 0;
    let blamedInVm = 0;
    overPrograms((program) => {
      const text = scenarioOf(program, { told: false });
      expect(violations(onBareMetal(text, KERNEL)), text).toEqual([]);
      searched++;
      // KVM is not told about the device, so it skips WBINVD: the same programs do find a host to blame in a VM.
      if (searched % 4 === 0 && violations(inVm(text, KERNEL)).length > 0) blamedInVm++;
    });
    expect(searched).toBeGreaterThan(RUNS * 0.9);
    expect(blamedInVm).toBeGreaterThan(0);
  }, 3_600_000);
});

describe('in a VM whose KVM knows the device', () => {
  // What this kernel does otherwise is known: it ignores the guest's MTRRs, and skips INVD, so that what the guest had
  // discarded may be written back later.
  it('no host is blamed in random programs', () => {
    let searched = 0;
    overPrograms((program) => {
      if (program.mtrrs.length > 0 || [...program.vcpu0, ...program.vcpu1].includes('invd')) return;
      const text = scenarioOf(program, { told: true });
      for (const granularity of ['statement', 'micro'] as const)
        expect(violations(inVm(text, KERNEL), granularity), `${granularity}\n${text}`).toEqual([]);
      searched++;
    });
    expect(searched).toBeGreaterThan(RUNS * 0.4);
  }, 3_600_000);
});

/** A combined store drains past the caches after another CPU's newer line was written back: two types for one line. */
const LATE_PAST_CACHES: GuestProgram = {
  options: 'self-snoop=off store-buffer=on clean-supply=on',
  deviceOptions: '',
  environment: [],
  mtrrs: ['wrmsr IA32_MTRR_PHYSBASE0, 0x100001', 'wrmsr IA32_MTRR_PHYSMASK0, 0xffffff800'],
  vcpu0: ['mov [x], 1', 'clflush [x]'],
  vcpu1: ['mov [x], 1'],
  device: ['r0 = MRd x ns'],
  host: ['prefetch x cpu=0'],
};

/** The same store drains at once, and the other CPU writes its older line over it before the fence. */
const WRITTEN_OVER: GuestProgram = {
  ...LATE_PAST_CACHES,
  options: 'self-snoop=off',
  vcpu0: ['mov [x], 1', 'sfence'],
  vcpu1: ['mov [x], 1', 'clflush [x]'],
  host: ['drain cpu=0'],
};

function overPrograms(look: (program: GuestProgram) => void): void {
  fc.assert(
    fc.property(guestProgram, (program) => {
      try {
        look(program);
      } catch (error) {
        if (!(error instanceof ModelLimit)) throw error;
      }
    }),
    { numRuns: RUNS, examples: [[LATE_PAST_CACHES], [WRITTEN_OVER]] },
  );
}
