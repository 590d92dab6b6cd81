/** The arguments of the system call that an actor is in, as the kernel finds them when it follows the pointers. */
import { IOCTLS, opNamed, type StatementArgs, type Value } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { descriptorText } from './descriptors.ts';
import { type Format, group, type Item } from './item.ts';

/** Nothing for instructions, TLPs and host actions. */
export function argumentItems(snapshot: Snapshot, actor: number, format: Format): Item[] {
  const node = snapshot.node(actor);
  if (node.kind !== 'statement') return [];
  const content = snapshot.model.sources[node.place.file]?.parsed.lines[node.place.line]?.content;
  if (content?.kind !== 'syscall') return [];
  const names = operandNames(content.call.text, node.args);
  return node.args.values.map((value, index): Item => {
    const name = names[index] ?? `argument ${index + 1}`;
    if (name === 'request') return { name, value: IOCTLS[node.args.request]?.name ?? 'unknown' };
    if (name === 'fd') return { name, value: descriptor(snapshot, actor, value, format), type: 'a descriptor' };
    return argument(snapshot, actor, name, value, format);
  });
}

function operandNames(call: string, args: StatementArgs): readonly string[] {
  if (args.request < 0) return (opNamed('syscall', call)?.operands ?? []).map(({ name }) => name);
  const [third] = IOCTLS[args.request]?.operands ?? [];
  return ['fd', 'request', third?.name ?? 'arg'];
}

function argument(snapshot: Snapshot, actor: number, name: string, value: Value, format: Format): Item {
  const text = valueText(snapshot, actor, value, format);
  const { fields } = value;
  if (!fields) return { name, value: withNumber(snapshot, actor, value, text, format) };
  return group(name, text, (f) =>
    [...fields].map(([field, inner]) => ({
      name: field,
      value: withNumber(snapshot, actor, inner, valueText(snapshot, actor, inner, f), f),
    })),
  );
}

/** A constant's name says nothing about its bits: `KVM_DEV_VFIO_GROUP_ADD (1)`. */
function withNumber(snapshot: Snapshot, actor: number, value: Value, text: string, format: Format): string {
  return value.written === undefined ? text : `${text} (${format.number(value.int(snapshot.task(actor)))})`;
}

/** `{group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[6]}`, `"/dev/kvm"`, `&x`. */
function valueText(snapshot: Snapshot, actor: number, value: Value, format: Format): string {
  if (value.fields) {
    const fields = [...value.fields].map(([name, inner]) => `${name}=${valueText(snapshot, actor, inner, format)}`);
    return `{${fields.join(', ')}}`;
  }
  if (value.written !== undefined) return value.written;
  if (value.text !== undefined) return JSON.stringify(value.text);
  if (value.pointee) return `[${valueText(snapshot, actor, value.pointee, format)}]`;
  if (value.word !== undefined) return `&${snapshot.model.world.topology.words[value.word]?.name}`;
  const small = value.int(snapshot.task(actor));
  const wide = value.wide(snapshot.task(actor));
  return BigInt.asIntN(64, wide) === BigInt(small) ? format.number(small) : `0x${wide.toString(16)}`;
}

function descriptor(snapshot: Snapshot, actor: number, value: Value, format: Format): string {
  const fd = value.int(snapshot.task(actor));
  const process = snapshot.model.world.topology.actors[actor]?.process ?? 0;
  const what = descriptorText(snapshot, Math.max(process, 0), fd);
  return `${format.number(fd)} (${what ?? 'not open'})`;
}
