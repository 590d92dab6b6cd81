/** One throw-away thing for each row of CONTRIBUTING's table "to add": what somebody writes by hand to add it. */

export interface Thing {
  /** How its row of the table begins. */
  readonly row: string;
  /** New files. */
  readonly files: Readonly<Record<string, string>>;
  /** Lines in files that exist: each comes after the first line that contains `after`, or, `inline`, after those words. */
  readonly lines: readonly {
    readonly file: string;
    readonly after: string;
    readonly line: string;
    readonly inline?: true;
  }[];
}

const SETUP = `
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
`;

function scenario(title: string, statements: string, conditions: string): string {
  return `scenario "${title}"
doc "Thrown away."
source "Added manual section 1"
tags added
kernel v6.12

machine {
  cpu intel self-snoop=on
  memory x = 0
}
${SETUP}
vcpu 0 {
${statements}
}

${conditions}
`;
}

export const THINGS: readonly Thing[] = [
  {
    row: 'system call, ioctl, instruction',
    files: {
      'sim-core/src/ops/cpu/added.ts': `import type { Op } from '../op.ts';
import { inGuest } from './code.ts';

export const added: Op = {
  name: 'added',
  kind: 'instruction',
  summary: 'Does nothing that the model has.',
  doc: 'An instruction that a test adds and throws away.',
  sources: [{ document: 'Added manual', place: 'section 1' }],
  errnos: [],
  example: 'added',
  operands: [],
  code: inGuest('added', 'nothing', () => true),
};
`,
      'scenarios/cpu/added-op.snoop': scenario('An op is added', '  added', 'exists [x] == 0 on v6.12'),
    },
    lines: [
      {
        file: 'sim-core/src/ops/table.ts',
        after: "from '../world.ts'",
        line: "import { added } from './cpu/added.ts';",
      },
      { file: 'sim-core/src/ops/table.ts', after: 'export const OPS', line: '  added,' },
    ],
  },
  {
    row: 'kernel change',
    files: {
      'scenarios/cpu/added-change.snoop': scenario(
        'A change is added',
        '  mov eax, [x]',
        'exists added_fact(cpu0) on v6.0..\n~exists added_fact(cpu0) on ..v5.19',
      ),
    },
    lines: [
      {
        file: 'sim-core/src/kernel/vfio-changes.ts',
        after: 'export const VFIO_CHANGES',
        line: `  {
    id: 'added-change',
    subject: 'vfio: a change that a test adds',
    first: 'v6.0',
    effect: 'A fact of conditions becomes true.',
    where: 'drivers/vfio/vfio.c added()',
  },`,
      },
    ],
  },
  {
    row: 'fact of a condition',
    files: {
      'scenarios/cpu/added-fact.snoop': scenario(
        'A fact is added',
        '  mov eax, [x]',
        'forall added_fact(cpu0) on v6.12',
      ),
    },
    lines: [
      {
        file: 'sim-core/src/scenario/facts.ts',
        after: "const word = { name: 'word'",
        line: `
const addedFact: FactSpec<'cpu', 'added_fact'> = {
  name: 'added_fact',
  params: [cpu],
  doc: 'Whether the kernel has the change that a test adds.',
  value: 'truth',
  compile: ({ kernel }) => {
    const has = kernel.has('added-change') ? 1 : 0;
    return () => has;
  },
};`,
      },
      {
        file: 'sim-core/src/scenario/facts.ts',
        after: 'const TABLE = [',
        line: 'addedFact, ',
        inline: true,
      },
      {
        file: 'sim-core/src/explain/why-fact.ts',
        after: 'const EXPLAINERS',
        line: "  added_fact: () => [{ event: -1, text: 'A test adds it.', sources: [] }],",
      },
    ],
  },
  {
    row: 'diagnostic',
    files: {
      'sim-core/src/scenario/checks/added-code.ts': `import type { Check } from './check.ts';

export const addedCode: Check = {
  code: 'added-code',
  severity: 'warning',
  doc: 'A file with a thread that is called like this check.',
  sources: ['docs/language.md'],
  examples: {
    bad: \`thread added_code {
  close(7)
}
\`,
    good: \`thread a {
  close(7)
}
\`,
  },
  *scenario({ scenario }) {
    for (const { line } of scenario.blocks) {
      const text = scenario.lines[line]?.text ?? '';
      const start = text.indexOf('added_code');
      if (start >= 0) yield { line, span: { start, end: start + 10 }, message: 'This name is a test’s.' };
    }
  },
};
`,
      'test/diagnostics/added-code.snoop': `// A name that only a test gives.
thread added_code {
     //^^^^^^^^^^ warning added-code: This name
  close(7)
}
`,
    },
    lines: [
      {
        file: 'sim-core/src/scenario/checks/table.ts',
        after: "from './bad-bdf.ts'",
        line: "import { addedCode } from './added-code.ts';",
      },
      { file: 'sim-core/src/scenario/checks/table.ts', after: 'export const CHECKS', line: '  addedCode,' },
    ],
  },
  {
    row: 'monitor',
    files: {
      'sim-core/src/engine/monitors/added-finding.ts': `import type { Monitor } from './monitors.ts';

export const addedFinding: Monitor<'added-finding'> = {
  finding: 'added-finding',
  label: 'Added finding',
  doc: 'A vCPU loaded a word.',
  sources: [{ document: 'Added manual', place: 'section 2' }],
  derived: true,
  fails: 'never',
  stopsByDefault: false,
  operands: ['word', 'number'],
  explainedBy: 'its-text',
  needsVersions: false,
  listen: (_world, report) => ({
    cpuLoad(machine, _vcpu, word) {
      report(machine, word, 0);
    },
  }),
};
`,
      'scenarios/cpu/added-finding.snoop': scenario(
        'A finding is added',
        '  mov eax, [x]',
        'forall added-finding on v6.12',
      ),
    },
    lines: [
      {
        file: 'sim-core/src/engine/monitors/table.ts',
        after: ' */',
        line: "import { addedFinding } from './added-finding.ts';",
      },
      { file: 'sim-core/src/engine/monitors/table.ts', after: '  unexpectedResult,', line: '  addedFinding,' },
    ],
  },
  {
    row: 'scope of the debugger',
    files: {
      'debug-adapter/src/scopes/added.ts': `import type { Scope } from './item.ts';

export const addedScope: Scope = {
  name: 'Added',
  items: () => (format) => [{ name: 'one', value: format.number(1) }],
};
`,
      'test/dap/transcripts/added.dap': `// A scope that a test adds.
> launch scenarios/wbinvd/local-cpu-not-flushed.snoop {"kernel":"v6.8"}
> run
> frame 0 Added
`,
    },
    lines: [
      {
        file: 'debug-adapter/src/scopes/table.ts',
        after: "from './actor.ts'",
        line: "import { addedScope } from './added.ts';",
      },
      { file: 'debug-adapter/src/scopes/table.ts', after: '  memoryScope,', line: '  addedScope,' },
    ],
  },
  {
    row: 'command',
    files: {
      'client/cli/src/commands/added.ts': `/** \`snoopscope added\`: thrown away. */
import { EXIT } from '../exit-codes.ts';
import type { Command } from './command.ts';

export const added: Command = {
  name: 'added',
  summary: 'Print a word.',
  operands: '',
  minOperands: 0,
  maxOperands: 0,
  description: ['A command that a test adds and throws away.'],
  options: [],
  examples: [{ line: 'added', about: 'The word.' }],
  async run(call) {
    call.print('added');
    return EXIT.fine;
  },
};
`,
    },
    lines: [
      {
        file: 'client/cli/src/commands/table.ts',
        after: 'one line each',
        line: "import { added } from './added.ts';",
      },
      { file: 'client/cli/src/commands/table.ts', after: 'export const COMMANDS', line: '  added,' },
      { file: 'test/cli/output.test.ts', after: "'help.txt':", line: "  'added.txt': ['added', 0]," },
    ],
  },
  {
    row: 'document to cite',
    files: {},
    lines: [
      { file: 'docs/SOURCES.md', after: '[fidelity.md](fidelity.md).', line: '\n## Added manual\n\nThrown away.' },
    ],
  },
  {
    row: 'word',
    files: {},
    lines: [
      { file: 'docs/GLOSSARY.md', after: '| scenario |', line: '| added word | what a test adds | **neverwritten** |' },
    ],
  },
];
