/** A device that is blocked at a word which nothing maps: the call that maps it. */
import type { StatementNode } from '../engine/program.ts';
import type { Fix, ParsedScenario, Syscall } from '../scenario/ast.ts';
import { contentsOfKind } from '../scenario/blocks.ts';

/** After the last call of `setup` that maps, or that makes mapping possible. */
export function mappingFix(parsed: ParsedScenario, { place }: StatementNode): Fix | undefined {
  const content = parsed.lines[place.line]?.content;
  const operand = content?.kind === 'action' ? content.operands[0] : undefined;
  if (place.file !== 0 || operand?.kind !== 'name') return undefined;
  const word = operand.name;
  const address = new RegExp(`&${word}\\b`);
  if (contentsOfKind(parsed, 'syscall').some(({ line }) => address.test(parsed.lines[line]!.text))) return undefined;
  for (const [request, call] of Object.entries(MAPPING)) {
    const last = contentsOfKind(parsed, 'syscall').findLast(({ content: { args } }) => nameOf(args[1]) === request);
    const text = last && call(last.content, word);
    if (last === undefined || text === undefined || parsed.lines[last.line]?.block !== 'setup') continue;
    const edits = [{ line: last.line + 1, span: { start: 0, end: 0 }, newText: `  ${text}\n` }];
    return { title: `Map \`${word}\``, edits };
  }
  return undefined;
}

const mapDma = ({ args }: Syscall, word: string): string | undefined => {
  const container = nameOf(args[0]);
  return container && `ioctl(${container}, VFIO_IOMMU_MAP_DMA, {vaddr=&${word}, iova=&${word}, size=PAGE}) = 0`;
};

/** By the request after which the call fits, the best first. */
const MAPPING: Readonly<Record<string, (call: Syscall, word: string) => string | undefined>> = {
  VFIO_IOMMU_MAP_DMA: mapDma,
  IOMMU_IOAS_MAP: ({ args }, word) => ioasMap(nameOf(args[0]), fieldName(args[2], 'ioas_id'), word),
  VFIO_SET_IOMMU: mapDma,
  IOMMU_IOAS_ALLOC: ({ args }, word) => ioasMap(nameOf(args[0]), fieldName(args[2], 'out_ioas_id'), word),
};

function ioasMap(iommufd: string | undefined, ioas: string | undefined, word: string): string | undefined {
  if (iommufd === undefined || ioas === undefined) return undefined;
  const flags = 'IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE|IOMMU_IOAS_MAP_WRITEABLE';
  return `ioctl(${iommufd}, IOMMU_IOAS_MAP, {flags=${flags}, ioas_id=${ioas}, user_va=&${word}, length=PAGE, iova=&${word}}) = 0`;
}

function nameOf(arg: Syscall['args'][number] | undefined): string | undefined {
  return arg?.kind === 'name' ? arg.name : undefined;
}

function fieldName(arg: Syscall['args'][number] | undefined, name: string): string | undefined {
  if (arg?.kind !== 'struct') return undefined;
  const value = arg.fields.find((field) => field.name.text === name)?.value;
  if (value?.kind === 'out') return value.bind.text;
  return value && nameOf(value.expr);
}
