import type { Condition, Fix, LineContent, ParsedScenario, Span } from '../ast.ts';
import { contentsOfKind, linesOfKind } from '../blocks.ts';
import { factByName } from '../facts.ts';
import { MACHINE_OPTIONS } from '../machine-options.ts';
import type { Check } from './check.ts';

/** `count`: how many the machine has. */
export function noCpu(cpu: number, count: number): string {
  const has = count === 1 ? 'one physical CPU, cpu0' : `${count} physical CPUs, cpu0 to cpu${count - 1}`;
  return `The machine has ${has}, and no cpu${cpu}. ${wayOut(cpu)}`;
}

export const unknownCpu: Check = {
  code: 'unknown-cpu',
  severity: 'error',
  doc: 'A physical CPU that the machine does not have.',
  sources: ['docs/language.md, machine'],
  examples: {
    bad: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 cpu=2 {
  hlt
}
`,
    good: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 cpu=1 {
  hlt
}
`,
  },
  *scenario({ scenario, included }) {
    const count = cpuCount([scenario, ...included]);
    if (count === undefined) return;
    for (const line of ['actor-open', 'action', 'condition'].flatMap((kind) =>
      linesOfKind(scenario, kind as LineContent['kind']),
    )) {
      const { content } = scenario.lines[line]!;
      for (const { cpu, span } of cpusOf(content)) {
        if (cpu < count) continue;
        const fix = addingCpu(scenario, cpu);
        yield { line, span, message: noCpu(cpu, count), ...(fix && { fixes: [fix] }) };
      }
    }
  },
};

/** How many CPUs the machine has; undefined without a machine. */
function cpuCount(files: readonly ParsedScenario[]): number | undefined {
  for (const { content } of files.flatMap((file) => contentsOfKind(file, 'cpu'))) {
    const count = Number(content.options.find((option) => option.key.text === 'count')?.value.text ?? 1);
    return Number.isInteger(count) && count > 0 ? count : undefined;
  }
  return files.some((file) => file.blocks.some((block) => block.kind === 'machine')) ? 1 : undefined;
}

function cpusOf(content: LineContent): { cpu: number; span: Span }[] {
  if (content.kind === 'condition') return inCondition(content.condition);
  const options =
    content.kind === 'actor-open' ? content.actor.options : content.kind === 'action' ? content.options : [];
  return options.flatMap(({ key, value }) =>
    key.text === 'cpu' && /^\d{1,9}$/.test(value.text) ? [{ cpu: Number(value.text), span: value.span }] : [],
  );
}

function inCondition(condition: Condition): { cpu: number; span: Span }[] {
  switch (condition.kind) {
    case 'or':
    case 'and':
      return [...inCondition(condition.left), ...inCondition(condition.right)];
    case 'not':
      return inCondition(condition.operand);
    default: {
      const terms = condition.kind === 'holds' ? [condition.term] : [condition.left, condition.right];
      return terms.flatMap((term) => {
        if (term.kind !== 'call') return [];
        const params = factByName.get(term.name.text)?.params ?? [];
        return term.args.flatMap(({ text, span }, index) => {
          const number = params[index]?.kind === 'cpu' ? /^cpu(\d{1,9})$/.exec(text)?.[1] : undefined;
          return number === undefined ? [] : [{ cpu: Number(number), span }];
        });
      });
    }
  }
}

/** A machine cannot have as many CPUs as one likes. */
function wayOut(cpu: number): string {
  return cpu < MOST ? `\`cpu … count=${cpu + 1}\` would add it.` : `\`cpu … count=${MOST}\` is the most there can be.`;
}

/** Where the machine is in this file. */
function addingCpu(scenario: ParsedScenario, cpu: number): Fix | undefined {
  const [line] = linesOfKind(scenario, 'cpu');
  const content = line === undefined ? undefined : scenario.lines[line]?.content;
  if (line === undefined || content?.kind !== 'cpu' || cpu >= MOST) return undefined;
  const given = content.options.find(({ key }) => key.text === 'count');
  const after = content.vendor.span.end;
  const edit = given
    ? { line, span: given.value.span, newText: `${cpu + 1}` }
    : { line, span: { start: after, end: after }, newText: ` count=${cpu + 1}` };
  return { title: `Give the machine ${cpu + 1} CPUs`, edits: [edit] };
}

const MOST = MACHINE_OPTIONS.cpu.find(({ key }) => key === 'count')?.range?.[1] ?? 0;
