/** The arguments of the system call that an actor is in, as the kernel finds them when it follows the pointers. */
import { IOCTLS, opNamed, type StatementArgs, type Value } from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import { descriptorText } from './descriptors.ts';
import { type Format, type Item, openableItem } from './item.ts';

/** Nothing for instructions, TLPs and host actions. */
export function argumentItems(moment: Moment, actor: number, format: Format): Item[] {
  const node = moment.node(actor);
  if (node.kind !== 'statement') return [];
  const content = moment.model.sources[node.place.file]?.parsed.lines[node.place.line]?.content;
  if (content?.kind !== 'syscall') return [];
  const names = operandNames(content.call.text, node.args);
  return node.args.values.map((value, index): Item => {
    const name = names[index] ?? `argument ${index + 1}`;
    if (name === 'request') return { name, value: IOCTLS[node.args.request]?.name ?? 'unknown' };
    if (name === 'fd') return { name, value: descriptor(moment, actor, value, format), type: 'a descriptor' };
    return argument(moment, actor, name, value, format);
  });
}

function operandNames(call: string, args: StatementArgs): readonly string[] {
  if (args.request < 0) return (opNamed('syscall', call)?.operands ?? []).map(({ name }) => name);
  const [third] = IOCTLS[args.request]?.operands ?? [];
  return ['fd', 'request', third?.name ?? 'arg'];
}

function argument(moment: Moment, actor: number, name: string, value: Value, format: Format): Item {
  const text = valueText(moment, actor, value, format);
  const { fields } = value;
  if (!fields) return { name, value: withNumber(moment, actor, value, text, format) };
  return openableItem(name, text, (f) =>
    [...fields].map(([field, inner]) => ({
      name: field,
      value: withNumber(moment, actor, inner, valueText(moment, actor, inner, f), f),
    })),
  );
}

/** A constant's name says nothing about its bits: `KVM_DEV_VFIO_GROUP_ADD (1)`. */
function withNumber(moment: Moment, actor: number, value: Value, text: string, format: Format): string {
  return value.written === undefined ? text : `${text} (${format.number(value.int(moment.task(actor)))})`;
}

/** `{group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[6]}`, `"/dev/kvm"`, `&x`. */
function valueText(moment: Moment, actor: number, value: Value, format: Format): string {
  if (value.fields) {
    const fields = [...value.fields].map(([name, inner]) => `${name}=${valueText(moment, actor, inner, format)}`);
    return `{${fields.join(', ')}}`;
  }
  if (value.written !== undefined) return value.written;
  if (value.text !== undefined) return JSON.stringify(value.text);
  if (value.pointee) return `[${valueText(moment, actor, value.pointee, format)}]`;
  if (value.word !== undefined) return `&${moment.model.world.topology.words[value.word]?.name}`;
  const small = value.int(moment.task(actor));
  const wide = value.wide(moment.task(actor));
  return BigInt.asIntN(64, wide) === BigInt(small) ? format.number(small) : `0x${wide.toString(16)}`;
}

function descriptor(moment: Moment, actor: number, value: Value, format: Format): string {
  const fd = value.int(moment.task(actor));
  const process = moment.model.world.topology.actors[actor]?.process ?? 0;
  const what = descriptorText(moment, Math.max(process, 0), fd);
  return `${format.number(fd)} (${what ?? 'not open'})`;
}
