import { FINDINGS } from '../../engine/monitors/table.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { bindingFixes } from './binding-fixes.ts';
import { type Check, replacingAt, type Wording } from './check.ts';
import { undefinedUses } from './undefined-names.ts';

export function noName(name: string, known: readonly string[]): Wording {
  const meant = nearest(name, known);
  return { message: `\`${name}\` is bound by no call${didYouMean(meant)}`, meant };
}

export const unknownName: Check = {
  code: 'unknown-name',
  severity: 'error',
  doc: 'A name is used that no call binds: neither `name = call(…)` nor `field=>name` gives it a value.',
  sources: ['docs/language.md, System calls'],
  examples: {
    bad: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kmv, KVM_CREATE_VM, 0)
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
}
`,
  },
  *scenario(subject) {
    const known = subject.symbols.names('name');
    for (const { name, line, span } of undefinedUses(subject, 'name')) {
      const finding = findingNamed(name, known);
      if (finding !== undefined && subject.scenario.lines[line]?.content.kind === 'condition') {
        const message = `\`${name}\` is bound by no call; the finding is written \`${finding}\`.`;
        yield { line, span, message, ...replacingAt(line, span, finding) };
        continue;
      }
      if (subject.symbols.all.has(`word:${name}`) && subject.scenario.lines[line]?.content.kind === 'syscall') {
        const message = `\`${name}\` is a word of memory; its address is written \`&${name}\`.`;
        yield { line, span, message, ...replacingAt(line, span, `&${name}`) };
        continue;
      }
      const { message, meant } = noName(name, known);
      const better = replacingAt(line, span, meant).fixes ?? [];
      yield { line, span, message, fixes: [...better, ...bindingFixes(subject, name, line, span)] };
    }
  },
};

/** `stale_read`, `staleread`: findings have hyphens. */
function findingNamed(name: string, bound: readonly string[]): string | undefined {
  const hyphenated = name.replaceAll('_', '-');
  return (
    FINDINGS.find((one) => one === hyphenated) ??
    (nearest(name, bound) === undefined ? nearest(hyphenated, FINDINGS) : undefined)
  );
}
