/**
 * What a guest did that is an instruction of a vcpu block, from events of KVM: writes of MTRRs and IA32_PAT, of CR0.CD, and
 * HLT. WBINVD is evidence of its own.
 */
import { MSR_NAMES } from '../../kvm/msr.ts';

/** CR0.CD. */
const CACHE_DISABLE = 1n << 30n;

const MSR = /^msr_write ([0-9a-f]+) = (0x[0-9a-f]+)( \(#GP\))?$/;
const RAW_MSR = /^write=1 ecx=(0x[0-9a-f]+|\d+) data=(0x[0-9a-f]+|\d+)(?: exception=(\d+))?$/;
const CR = /^cr_write 0 = (0x[0-9a-f]+)$/;
const RAW_CR = /^rw=1 cr=0(?:x0)? val=(0x[0-9a-f]+|\d+)$/;

/** The `wrmsr` of an event `kvm_msr`; undefined when it is none that decides memory types, or faulted. */
export function wrmsrOf(text: string): string | undefined {
  const plain = MSR.exec(text.trim());
  const raw = plain ? undefined : RAW_MSR.exec(text.trim());
  const faulted = plain?.[3] !== undefined || (raw?.[3] ?? '0') !== '0';
  const number = plain ? Number.parseInt(plain[1]!, 16) : raw ? Number(raw[1]) : -1;
  const value = plain?.[2] ?? raw?.[2];
  const name = MSR_NAMES.get(number);
  return name === undefined || value === undefined || faulted ? undefined : `wrmsr ${name}, ${hex(BigInt(value))}`;
}

/** Does an event `kvm_cr` set or clear CR0.CD? Undefined when it is not about CR0. */
export function cr0Of(text: string): { readonly text: string; readonly disables: boolean } | undefined {
  const value = (CR.exec(text.trim()) ?? RAW_CR.exec(text.trim()))?.[1];
  if (value === undefined) return undefined;
  const bits = BigInt(value);
  return { text: `mov cr0, ${hex(bits & 0xffff_ffffn)}`, disables: (bits & CACHE_DISABLE) !== 0n };
}

function hex(value: bigint): string {
  return `0x${(value & 0xffff_ffff_ffff_ffffn).toString(16)}`;
}

/** Events of KVM and of the scheduler that may be in a log and change nothing that is modelled. */
export function isHarmlessEvent(name: string): boolean {
  return HARMLESS.test(name);
}

const HARMLESS =
  /^(?:kvm_|vcpu_match_mmio$|mark_mmio_spte$|handle_mmio_page_fault$|check_mmio_spte$|fast_page_fault$|sched_|irq_|softirq_|local_timer_|timer_|hrtimer_|ipi_|sys_(?:enter|exit)|page_fault_|msr:|read_msr$|write_msr$|vfio|iommu|map$|unmap$|tlb_flush$|signal_)/;
