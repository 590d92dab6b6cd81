/** The state after each statement of a plain run, as conditions ask for it: what a hover shows at a line. */
import type { Model } from '../engine/model.ts';
import { Run } from '../engine/run.ts';
import { FILE_KIND_NAMES } from '../files/kinds.ts';
import { IOPTE } from '../iommu/iommu.ts';
import { ModelLimit } from '../limits.ts';
import { type FactArguments, type FactName, factByName, factText, type StateReader } from '../scenario/facts.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import type { DeviceId } from '../state/ids.ts';
import { NOTE } from '../state/machine.ts';
import { overrideBitName } from '../topology.ts';
import { statementOf } from './observe.ts';

/** One value, before and after a statement. */
export interface StateValue {
  /** `noncoherent(vm)`, `cache(cpu0, x)`, `group`. */
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

const MAX_STEPS = 8_000;
const STEPS_AT_A_TIME = 200;
/** Values that are read after every statement: a machine with more words shows its first ones. */
const MOST_VALUES = 120;

/** By line of the scenario's own text: the values when its statement ends for the first time. Yields every few hundred micro-steps. */
export function* statesAfter(model: Model): Generator<void, ReadonlyMap<number, readonly StateValue[]>> {
  const values = valuesOf(model);
  const run = new Run(model, { maxSteps: MAX_STEPS });
  const { state } = run.executor.machine;
  const found = new Map<number, readonly StateValue[]>();
  let before = values.map(({ text }) => text(state));
  for (let more = true, step = 0, event = 0; more; step++) {
    more = advanced(run);
    for (; event < run.events; event++) {
      const at = event * EVENT_WIDTH;
      const node = run.log[at] === NOTE.done ? statementOf(model, run.log[at + 2]!) : undefined;
      if (node === undefined) continue;
      const now = values.map(({ text }) => text(state));
      if (node.place.file === 0 && !found.has(node.place.line)) {
        const rows = values.map(({ name }, index) => ({ name, before: before[index] ?? '', after: now[index] ?? '' }));
        found.set(node.place.line, rows);
      }
      before = now;
    }
    if (step % STEPS_AT_A_TIME === 0) yield;
  }
  return found;
}

/** False when the run is over, or when the model is too small for it. */
function advanced(run: Run): boolean {
  try {
    return run.advance();
  } catch (error) {
    if (error instanceof ModelLimit) return false;
    throw error;
  }
}

interface Value {
  readonly name: string;
  readonly text: (state: Int32Array) => string;
}

function valuesOf(model: Model): readonly Value[] {
  const { world, names } = model;
  const { topology } = world;
  const vms = [...names].filter(([name]) => bindsVm(model, name));
  const bit = overrideBitName(topology);
  const words = topology.words.map(({ name }, word) => ({ name, word }));
  const values: Value[] = [...names].map(([name, slot]) => ({ name, text: (state) => bound(state[slot]!) }));
  for (const [name, slot] of vms) {
    const vm = vmReader(model, slot);
    values.push(fact(model, 'noncoherent', [name], { vm }));
    for (const one of words) values.push(fact(model, 'ept', [name, one.name], { vm, word: one.word }));
  }
  for (const [device, { name, iommu }] of topology.devices.entries())
    if (iommu >= 0)
      for (const one of words)
        values.push({
          name: `iopte(${name}, ${one.name})`,
          text: (state) =>
            iopteText(bit, world.iommu.lookupIn(state, device as DeviceId, topology.words[one.word]!.page)),
        });
  for (const [group, { number }] of topology.groups.entries())
    values.push(fact(model, 'coherent', [String(number)], { group }));
  for (let cpu = 0; cpu < topology.cpu.count; cpu++)
    for (const one of words) values.push(fact(model, 'cache', [`cpu${cpu}`, one.name], { cpu, word: one.word }));
  return values.slice(0, MOST_VALUES);
}

function bound(value: number): string {
  return value < 0 ? 'unbound' : String(value);
}

function fact({ world }: Model, name: FactName, args: readonly string[], known: Partial<FactArguments>): Value {
  const spec = factByName.get(name)!;
  const read = spec.compile(world, known as FactArguments);
  return { name: `${name}(${args.join(', ')})`, text: (state) => factText(spec, read(state)) };
}

/** `RW`, `RW SNP`; `none` where the IOMMU blocks. */
function iopteText(bit: string | undefined, entry: number): string {
  if (entry <= 0) return 'none';
  const rights = `${(entry & IOPTE.read) === 0 ? '' : 'R'}${(entry & IOPTE.write) === 0 ? '' : 'W'}`;
  return (entry & IOPTE.snoop) === 0 ? rights : `${rights} ${bit}`;
}

/** Some call of the scenario binds the name to a VM. */
function bindsVm({ sources }: Model, name: string): boolean {
  return sources.some(({ parsed }) =>
    parsed.lines.some(
      ({ content }) =>
        content.kind === 'syscall' &&
        content.bind?.text === name &&
        content.args[1]?.kind === 'name' &&
        content.args[1].name === 'KVM_CREATE_VM',
    ),
  );
}

/** The VM of the descriptor in a slot, -1 while there is none. */
function vmReader({ world: { files, dims } }: Model, slot: number): StateReader {
  const kind = FILE_KIND_NAMES.indexOf('vm');
  return (state) => {
    const fd = state[slot]!;
    const file = fd < 0 || fd >= dims.fds ? -1 : state[files.descriptor.base + fd]! - 1;
    return file < 0 || state[files.kind.base + file] !== kind ? -1 : state[files.object.base + file]!;
  };
}
