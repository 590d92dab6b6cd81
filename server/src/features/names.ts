/** What the names of a scenario mean, as far as the text alone says it. */
import {
  type ActorHeader,
  documentationAbove,
  type Expr,
  FILE_KINDS,
  type FileKind,
  type Line,
  type ScenarioSymbol,
  symbolsOf,
  type TextPlace,
  VOCABULARY,
} from '@snoopscope/sim-core';
import { familyOf, type IncludedFile, type Snapshot } from '../snapshot.ts';

/** A definition and the file that it is in. */
export interface Definition extends TextPlace {
  readonly file: IncludedFile;
}

/** Where a name is defined, in the document and the files it includes. */
export function definitionsOf(snapshot: Snapshot, symbol: ScenarioSymbol): Definition[] {
  const found = familyOf(snapshot).flatMap((file) =>
    (symbolsOf(file.scenario, VOCABULARY).all.get(symbol.id)?.definitions ?? []).map((place) => ({ ...place, file })),
  );
  return found.length > 0 || symbol.space !== 'actor' ? found : unnamedBlocks(snapshot, symbol.name);
}

/** `setup` and `host` are named by the keyword that opens their block. */
function unnamedBlocks(snapshot: Snapshot, name: string): Definition[] {
  const file = { uri: snapshot.uri, scenario: snapshot.scenario };
  return snapshot.scenario.blocks
    .filter(({ kind, actor }) => kind === name && actor !== undefined && actor.name === undefined)
    .map(({ line }) => {
      const start = snapshot.scenario.lines[line]?.text.indexOf(name) ?? 0;
      return { line, span: { start, end: start + name.length }, file };
    });
}

/** Names of a space that have a definition somewhere in the family, each once. */
export function namesInFamily(snapshot: Snapshot, space: ScenarioSymbol['space']): ScenarioSymbol[] {
  const found = new Map<string, ScenarioSymbol>();
  for (const { scenario } of familyOf(snapshot)) {
    for (const symbol of symbolsOf(scenario, VOCABULARY).all.values()) {
      if (symbol.space === space && symbol.definitionCount > 0 && !found.has(symbol.name))
        found.set(symbol.name, symbol);
    }
  }
  return [...found.values()];
}

/** The kind of file that a name is bound to, or undefined when the text does not say. */
export function fileKindOf(snapshot: Snapshot, name: string, depth = 0): FileKind | undefined {
  for (const { scenario } of familyOf(snapshot)) {
    for (const { line } of symbolsOf(scenario, VOCABULARY).all.get(`name:${name}`)?.definitions ?? []) {
      const kind = boundKind(scenario.lines[line], name, (other) =>
        depth < DEEPEST_DUP ? fileKindOf(snapshot, other, depth + 1) : undefined,
      );
      if (kind !== undefined) return kind;
    }
  }
  return undefined;
}

/** What a symbol is, in a few words: `a VM`, `a word of memory`, `register of gpu`. */
export function whatIs(snapshot: Snapshot, symbol: ScenarioSymbol): string {
  switch (symbol.space) {
    case 'name': {
      const kind = fileKindOf(snapshot, symbol.name);
      return kind === undefined ? 'the result of a system call' : `a descriptor of ${FILE_KINDS[kind]}`;
    }
    case 'word':
      return 'a word of memory';
    case 'page':
      return 'a page of memory';
    case 'iommu':
      return 'an IOMMU';
    case 'actor':
      return actorText(snapshot, symbol);
    case 'proc':
      return 'a procedure';
    case 'register':
      return `a register of \`${symbol.name.slice(0, Math.max(0, symbol.name.lastIndexOf('.')))}\``;
    case 'parameter':
      return 'a parameter of the procedure';
  }
}

/** The comment above a definition. */
export function documentationOf(definition: Definition): string {
  return documentationAbove(definition.file.scenario, definition.line);
}

/** The line of a definition, without comment and indentation. */
export function definingCode(definition: Definition): string {
  const line = definition.file.scenario.lines[definition.line];
  return line === undefined ? '' : codeOf(line);
}

export function codeOf(line: Line): string {
  return line.text.slice(0, line.comment?.start ?? line.text.length).trim();
}

function actorText(snapshot: Snapshot, symbol: ScenarioSymbol): string {
  for (const definition of definitionsOf(snapshot, symbol)) {
    const content = definition.file.scenario.lines[definition.line]?.content;
    if (content?.kind === 'device') return 'a PCI function';
    if (content?.kind === 'mdev') return 'a mediated device';
    if (content?.kind === 'actor-open') return ACTOR_TEXTS[content.actor.kind];
  }
  return 'an actor';
}

const ACTOR_TEXTS: Readonly<Record<ActorHeader['kind'], string>> = {
  setup: 'what the VMM does first, alone',
  thread: 'a thread of a VMM',
  vcpu: 'a vCPU',
  device: 'a PCI function',
  host: "the host's own doing",
};

/** `dup` of `dup` of …: more never occurs, and a cycle must end. */
const DEEPEST_DUP = 4;

function boundKind(
  line: Line | undefined,
  name: string,
  kindOf: (name: string) => FileKind | undefined,
): FileKind | undefined {
  const content = line?.content;
  if (content?.kind !== 'syscall') return undefined;
  if (content.bind?.text !== name) return outputKind(content.args, name);
  const [first, second] = content.args;
  switch (content.call.text) {
    case 'open':
      return pathKind(first);
    case 'openat':
      return pathKind(second);
    case 'dup':
      return first?.kind === 'name' ? kindOf(first.name) : undefined;
    case 'ioctl':
      return second?.kind === 'name' ? RESULT_KINDS[second.name] : undefined;
    default:
      return CALL_KINDS[content.call.text];
  }
}

/** `fd=>dev`: only structures bind, and of descriptors only that of KVM_CREATE_DEVICE. */
function outputKind(args: readonly Expr[], name: string): FileKind | undefined {
  const request = args[1];
  if (request?.kind !== 'name' || request.name !== 'KVM_CREATE_DEVICE') return undefined;
  const struct = args[2];
  const binds =
    struct?.kind === 'struct' && struct.fields.some(({ value }) => value.kind === 'out' && value.bind.text === name);
  return binds ? 'kvm-vfio' : undefined;
}

/** What an open of a path gives, when it is a string that the model knows. */
export function pathKind(path: Expr | undefined): FileKind | undefined {
  if (path?.kind !== 'string') return undefined;
  return PATH_KINDS.find(([pattern]) => pattern.test(path.value))?.[1];
}

const PATH_KINDS: readonly (readonly [RegExp, FileKind])[] = [
  [/^\/dev\/kvm$/, 'kvm'],
  [/^\/dev\/vfio\/vfio$/, 'container'],
  [/^\/dev\/vfio\/(?:noiommu-)?\d+$/, 'group'],
  [/^\/dev\/vfio\/devices\/vfio\d+$/, 'device'],
  [/^\/dev\/iommu$/, 'iommufd'],
  [/^\/dev\/null$/, 'null'],
  [/^\/dev\/zero$/, 'zero'],
];

const RESULT_KINDS: Readonly<Record<string, FileKind>> = {
  KVM_CREATE_VM: 'vm',
  KVM_CREATE_VCPU: 'vcpu',
  VFIO_GROUP_GET_DEVICE_FD: 'device',
};

const CALL_KINDS: Readonly<Record<string, FileKind>> = {
  eventfd2: 'eventfd',
  epoll_create1: 'epoll',
  socket: 'socket',
  memfd_create: 'memfd',
};
