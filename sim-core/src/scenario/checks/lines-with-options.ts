import type { Line, LineContent, Option } from '../ast.ts';
import { MACHINE_OPTIONS, type MachineOption, type OptionOwner } from '../machine-options.ts';
import { actionOp, type Vocabulary } from '../vocabulary.ts';

/** Lines that may have options. */
export const LINES_WITH_OPTIONS: readonly LineContent['kind'][] = [
  'action',
  'actor-open',
  'cpu',
  'iommu',
  'device',
  'mdev',
  'memory',
  'allow',
];

/** An option as the checks see it, whether a machine item's or an op's. */
export type OptionRule = Pick<MachineOption, 'key' | 'range'> & { readonly values: MachineOption['values'] | 'vcpu' };

export interface OptionsOfLine {
  readonly options: readonly Option[];
  readonly specs: readonly OptionRule[];
  /** What has the options, in words. */
  readonly name: string;
}

/** The options of a line and those that it may have. */
export function optionsOfLine({ block, content }: Line, vocabulary: Vocabulary): OptionsOfLine | undefined {
  if (content.kind === 'action') {
    const op = actionOp(vocabulary, block, content);
    if (op === undefined) return undefined;
    return {
      options: content.options,
      specs: (op.options ?? []).map(({ name, values }) => ({ key: name, values })),
      name: `\`${op.name}\``,
    };
  }
  if (content.kind === 'actor-open') {
    const { kind, options } = content.actor;
    return { options, specs: MACHINE_OPTIONS[kind === 'device' ? 'actor-device' : kind], name: `The ${kind} block` };
  }
  return isItem(content)
    ? { options: content.options, specs: MACHINE_OPTIONS[content.kind], name: `\`${content.kind}\`` }
    : undefined;
}

function isItem(content: LineContent): content is LineContent & { kind: OptionOwner; options: readonly Option[] } {
  return 'options' in content && Object.hasOwn(MACHINE_OPTIONS, content.kind);
}
