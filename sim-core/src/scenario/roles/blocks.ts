import type { ActorHeader, LineContent, MachineItem, ScheduleItem } from '../ast.ts';
import { ALLOWED, CPU_MOVES } from '../machine-words.ts';
import type { NamedSymbol, WordCollector } from './word-roles.ts';

/** `vcpu 0 of vm2 cpu=1 {`. */
export function actorWords(out: WordCollector, actor: ActorHeader): void {
  out.firstWord();
  if (actor.name) {
    const name = actor.kind === 'vcpu' ? vcpuActorName(actor) : actor.name.text;
    const isDevice = actor.kind === 'device';
    const symbol: NamedSymbol = {
      space: 'actor',
      name,
      id: `actor:${name}`,
      definition: !isDevice,
      ...(isDevice && { as: 'device' }),
    };
    out.add('symbol', actor.name.span, { symbol });
  }
  if (actor.of) {
    out.keywordBefore('of', actor.of.span.start - 1);
    // A process is not declared: the threads that name it are in it.
    if (actor.kind === 'vcpu') out.symbol(actor.of, 'name', false);
    else out.add('option-value', actor.of.span);
  }
  out.options(actor.options, actor.kind === 'device' ? 'actor-device' : actor.kind);
}

export function machineWords(out: WordCollector, item: MachineItem): void {
  out.firstWord();
  switch (item.kind) {
    case 'cpu':
      out.add('option-value', item.vendor.span, { owner: 'cpu' });
      break;
    case 'iommu':
      out.symbol(item.name, 'iommu', true);
      out.add('option-value', item.driver.span, { owner: 'iommu' });
      break;
    case 'device':
      out.symbol(item.name, 'actor', true);
      out.add('bdf', item.bdf.span);
      break;
    case 'mdev':
      out.symbol(item.name, 'actor', true);
      break;
    case 'memory':
      for (const name of item.names) out.symbol(name, 'word', true);
      for (const value of item.values) out.add('number', value.span);
      break;
    case 'allow':
      out.add('keyword', item.what.span);
      for (const subject of item.subjects) {
        if (item.what.text === 'migrate') out.actor(subject, 'vcpu');
        else out.symbol(subject, 'word', false);
      }
  }
  out.options(item.options, item.kind);
}

export function collectScheduleWords(out: WordCollector, schedule: LineContent & { kind: 'schedule' }): void {
  out.firstWord();
  const [, only, unit] = /^\s*schedule\s+(?:(only)\b\s*)?(?:(micro|statement)\b)?/.exec(out.line.text) ?? [];
  const end = (schedule.items[0]?.span.start ?? out.line.text.length) - 1;
  if (only !== undefined && schedule.only) out.keywordBefore(only, end);
  if (unit !== undefined) out.keywordBefore(unit, end);
  for (const item of schedule.items) scheduleItemWords(out, item);
}

function scheduleItemWords(out: WordCollector, item: ScheduleItem): void {
  const moves = Object.hasOwn(ALLOWED, item.actor.text) || Object.hasOwn(CPU_MOVES, item.actor.text);
  if (!moves || item.args.length === 0) {
    out.symbol(item.actor, 'actor', false);
    return;
  }
  out.add('host', item.actor.span);
  for (const arg of item.args) {
    if (/^cpu\d+$/.test(arg.text)) out.add('option-value', arg.span);
    else if (item.actor.text === 'migrate') out.actor(arg, 'vcpu');
    else out.symbol(arg, 'word', false);
  }
}

/** The name by which the rest of the scenario knows a vCPU: `vcpu0`, or `vm2_vcpu0` for `vcpu 0 of vm2`. */
export function vcpuActorName(actor: ActorHeader): string {
  const name = `vcpu${actor.name?.text ?? ''}`;
  return actor.of === undefined ? name : `${actor.of.text}_${name}`;
}
