/** What file descriptors and the names bound to them refer to: `vm = 5 (a VM)`. */
import {
  FILE_KINDS,
  type FileId,
  type FileKind,
  type LineContent,
  type Model,
  NONE,
  type None,
  opNamed,
  structByName,
} from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import type { Item } from './item.ts';

const knownNames = new WeakMap<Model, ReadonlySet<string>>();

/** Names that some call binds to a descriptor; others hold counts, ids or plain results. */
export function descriptorNames(model: Model): ReadonlySet<string> {
  let names = knownNames.get(model);
  if (!names) {
    names = new Set(
      model.sources.flatMap(({ parsed }) => parsed.lines.flatMap(({ content }) => boundDescriptors(content))),
    );
    knownNames.set(model, names);
  }
  return names;
}

function boundDescriptors(content: LineContent): string[] {
  if (content.kind !== 'syscall') return [];
  const request = content.args[1];
  const op =
    content.call.text === 'ioctl'
      ? opNamed('ioctl', request?.kind === 'name' ? request.name : '')
      : opNamed('syscall', content.call.text);
  const shape = op?.operands.at(-1)?.shapes.find((one) => one.kind === 'struct');
  const fields = shape?.kind === 'struct' ? structByName.get(shape.struct)?.fields : undefined;
  const outputs = content.args.flatMap((arg) => (arg.kind === 'struct' ? arg.fields : []));
  return [
    ...(content.bind && op?.result === 'fd' ? [content.bind.text] : []),
    ...outputs.flatMap(({ name, value }) =>
      value.kind === 'out' && fields?.find((field) => field.name === name.text)?.shape.kind === 'fd'
        ? [value.bind.text]
        : [],
    ),
  ];
}

/** Open descriptors of a process, the standard streams left out. */
export function descriptors(moment: Moment, process: number): Item[] {
  const { files, topology } = moment.model.world;
  const count = files.descriptor.size / topology.processes.length;
  const items: Item[] = [];
  for (let fd = 0; fd < count; fd++) {
    const what = descriptorText(moment, process, fd);
    if (what !== undefined && what !== FILE_KINDS.std) items.push({ name: String(fd), value: what });
  }
  return items;
}

/** What a descriptor of a process names, or undefined when it is free. */
export function descriptorText(moment: Moment, process: number, fd: number): string | undefined {
  const file = openFile(moment, process, fd);
  if (file !== NONE) return fileText(moment, file);
  return tableEntry(moment, process, fd) < 0 ? 'reserved: the call that will open it has not returned' : undefined;
}

/** The open file of a descriptor. */
export function openFile(moment: Moment, process: number, fd: number): FileId | None {
  const entry = tableEntry(moment, process, fd);
  return entry > 0 ? ((entry - 1) as FileId) : NONE;
}

/** The index of the open file + 1; 0 for none, less for a number that a call has reserved. */
function tableEntry(moment: Moment, process: number, fd: number): number {
  const { files, topology } = moment.model.world;
  const count = files.descriptor.size / topology.processes.length;
  return fd < 0 || fd >= count ? 0 : moment.read(files.descriptor, process * count + fd);
}

/** A file with the name of a descriptor of it: `vm, a VM`. */
export function fileText(moment: Moment, file: FileId): string {
  const name = moment.fileName(file);
  return name === undefined ? fileKind(moment, file) : `${name}, ${fileKind(moment, file)}`;
}

/** `a VFIO group, 26`, `a VFIO device, gpu`. */
export function fileKind(moment: Moment, file: FileId): string {
  const { files } = moment.model.world;
  const kind = files.kindOf(moment.machine, file);
  const detail = DETAILS[kind]?.(files.objectOf(moment.machine, file), moment);
  const pathOnly = moment.read(files.pathOnly, file) !== 0 ? ', O_PATH' : '';
  return `${FILE_KINDS[kind]}${detail === undefined ? '' : `, ${detail}`}${pathOnly}`;
}

/** What a person calls the object of a file of a kind. */
const DETAILS: Partial<Record<FileKind, (object: number, moment: Moment) => string | undefined>> = {
  group: (object, { model }) => String(model.world.topology.groups[object]?.number ?? object),
  device: (object, { model }) => model.world.topology.devices[object]?.name,
  vcpu: (object, { model, state }) => {
    const actor = model.world.topology.actors.findIndex(
      (_, index) => state[model.world.kvm.actorVcpu.base + index] === object + 1,
    );
    return model.world.topology.actors[actor]?.name;
  },
};
