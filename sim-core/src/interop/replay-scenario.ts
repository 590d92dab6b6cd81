/** The one scenario that all sequences of a recording share, and which kernel it is for. */
import type { Profile } from '../kernel/profiles.ts';
import { type KernelLike, kernelOfMachine } from '../kernel/releases.ts';
import type { Dims } from '../world.ts';
import {
  machineOf,
  type RecordedSequence,
  type RecordingHeader,
  type ReplaySequence,
  type ReplayStep,
} from './recording.ts';

/** The profile for a recorded release: its own, else the nearest, and then what stands in for what. */
export function profileOfRecording(header: Pick<RecordingHeader, 'kernel_release' | 'kernel_version'>): {
  readonly profile: Profile;
  readonly standIn?: string;
} {
  const like = kernelOfMachine(header.kernel_release, header.kernel_version);
  if (!like) throw new SyntaxError(`There is no profile for kernel ${header.kernel_release}, nor one near to it.`);
  return { profile: like.profile, ...standIn(header.kernel_release, like) };
}

/** Said wherever a recording is replayed on a kernel that is only near to its own. */
export function standIn(release: string, { profile, exact, unknown }: KernelLike): { readonly standIn?: string } {
  if (exact) return {};
  return { standIn: `${release} has no profile of its own: ${profile.name} stands in for it; ${unknown}` };
}

/** The scenario in which every statement of the sequences occurs once, and where each is. */
export function sharedScenario(
  header: RecordingHeader,
  sequences: readonly ReplaySequence[],
): { text: string; lines: Map<string, number> } {
  const blocks = new Map<string, Map<string, number>>([['setup', new Map()]]);
  for (const sequence of sequences) {
    const others = sequence.ops.flatMap((op) =>
      (op.alternatives ?? []).map((text): ReplayStep => ({ actor: 'recorder', text })),
    );
    for (const step of [...sequence.ops.flatMap((op) => op.steps), ...others, ...sequence.teardown]) {
      const block = blockOf(step);
      const statements = blocks.get(block) ?? blocks.set(block, new Map()).get(block);
      if (statements && !statements.has(step.text)) statements.set(step.text, 0);
    }
  }
  const text = [...machineOf(header)];
  const lines = new Map<string, number>();
  for (const [block, statements] of blocks) {
    text.push(`${block} {`);
    for (const statement of statements.keys()) {
      lines.set(`${block}\n${statement}`, text.length);
      text.push(`  ${statement}`);
    }
    text.push('}');
  }
  return { text: text.join('\n'), lines };
}

export function blockOf(step: ReplayStep): string {
  return step.actor === 'recorder' ? 'setup' : `vcpu ${step.actor.vcpu} of ${step.actor.of}`;
}

/** Enough of each object for the largest sequence: its statements run once each. */
export function dimsOf(recorded: readonly RecordedSequence[]): Dims {
  const most = (pattern: RegExp): number =>
    recorded.reduce((max, sequence) => Math.max(max, sequence.ops.filter((op) => pattern.test(op.op)).length), 1);
  const descriptors = most(/ = /) + most(/create_device/) + 4;
  const opens = most(/= open/);
  return {
    fds: descriptors,
    files: descriptors,
    vms: most(/create_vm/),
    vcpus: most(/create_vcpu/),
    memorySlots: most(/set_mem/),
    tceTables: 0,
    kvmDevices: most(/create_device/),
    kvmVfioEntries: most(/set_attr/),
    containers: opens,
    iommufds: opens,
    ioas: opens + most(/ioas_alloc/),
    domains: most(/set_iommu|set_container|attach/) + 6,
    mappings: most(/^map/),
  };
}
