/** Rules of write-combining buffers and store buffers. */
import { LATE, NO_BLAME, READS, READS_FLAG, RING, type Rule } from './cache-rule.ts';

export const BUFFER_RULES: Readonly<Record<string, Rule>> = {
  // --- write-combining buffers ---------------------------------------------------------------------------------
  'LFENCE does not drain write-combining buffers': {
    guest: ['movnti [x], 1', 'lfence', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [LATE, ...NO_BLAME],
  },
  'a write-combining load does not drain the buffers of other lines': {
    allow: ['drain'],
    guest: ['pat f = WC', 'movnti [x], 1', 'mov eax, [f]', 'mov [f], 1'],
    device: READS_FLAG,
    holds: [LATE, ...NO_BLAME],
  },
  'a write-through store does not drain the buffers of other lines': {
    guest: ['pat f = WT', 'movnti [x], 1', 'mov [f], 1'],
    device: READS_FLAG,
    holds: [LATE, ...NO_BLAME],
  },
  'nor does a store to write-protected memory': {
    guest: ['pat f = WP', 'movnti [x], 1', 'mov [f], 1'],
    device: READS_FLAG,
    holds: [LATE, ...NO_BLAME],
  },
  'an uncached store drains them': {
    guest: ['pat f = UC', 'movnti [x], 1', 'mov [f], 1'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'so does an uncached load': {
    guest: ['pat f = UC-', 'movnti [x], 1', 'mov eax, [f]', 'pat f = WT', 'mov [f], 1'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'a load sees what its own CPU has combined': {
    guest: ['pat x = WC', 'mov [x], 1', 'mov eax, [x]'],
    device: [],
    holds: ['forall vcpu0.eax == 1', ...NO_BLAME],
  },
  'buffers of two lines drain in any order': {
    allow: ['drain'],
    guest: ['pat x = WC', 'pat f = WC', 'mov [x], 1', 'mov [f], 1'],
    device: READS_FLAG,
    holds: [LATE, 'exists gpu.r0 == 0 && gpu.r1 == 1', ...NO_BLAME],
  },
  'with SFENCE between them in program order': {
    allow: ['drain'],
    guest: ['pat x = WC', 'pat f = WC', 'mov [x], 1', 'sfence', 'mov [f], 1'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'CLFLUSH of a neighbour in the line drains the buffer too': {
    memory: ['memory x y = 0 0', 'memory f = 0'],
    guest: ['movnti [x], 1', 'clflush [y]', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'a store to write-back memory comes after a non-temporal one to the same word': {
    guest: ['movnti [x], 1', 'mov [x], 2', 'clflush [x]', RING],
    device: READS,
    holds: ['forall gpu.r0 == 2', ...NO_BLAME],
  },
  'a buffer that is pending when the vCPU migrates has drained': {
    guest: ['movnti [x], 1', 'mov eax, [x]'],
    device: [],
    actors: ['host {', 'migrate vcpu0 cpu=1', '}'],
    holds: ['forall vcpu0.eax == 1 && [x] == 1', ...NO_BLAME],
  },
  // --- store buffers ---------------------------------------------------------------------------------------------
  'a doorbell does not order CLFLUSHOPT: the missing fence of a driver': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'clflushopt [x]', RING],
    device: READS,
    holds: ['exists gpu.r0 == 0', 'exists gpu.r0 == 1', ...NO_BLAME],
  },
  'nor CLWB': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'clwb [x]', RING],
    device: READS,
    holds: ['exists gpu.r0 == 0', 'exists gpu.r0 == 1', ...NO_BLAME],
  },
  'SFENCE before the doorbell does': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'clflushopt [x]', 'sfence', RING],
    device: READS,
    holds: ['forall gpu.r0 == 1', ...NO_BLAME],
  },
  'CLFLUSH needs no fence before the doorbell': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'clflush [x]', RING],
    device: READS,
    holds: ['forall gpu.r0 == 1', ...NO_BLAME],
  },
  'CLFLUSHOPT is late beside CLFLUSH of another line': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'clflushopt [x]', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [LATE, ...NO_BLAME],
  },
  'MFENCE orders CLFLUSHOPT': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'clflushopt [x]', 'mfence', 'mov [f], 1', 'clflushopt [f]'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'reading a register of the device does not order CLFLUSHOPT either': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'clflushopt [x]', 'mov eax, [gpu.status]', RING],
    device: READS,
    holds: ['exists gpu.r0 == 0', ...NO_BLAME],
  },
  'WBINVD waits for everything before it': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'wbinvd', RING],
    device: READS,
    holds: ['forall gpu.r0 == 1', ...NO_BLAME],
  },
  'a vCPU sees its own stores after it was moved': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'mov eax, [x]'],
    device: [],
    actors: ['host {', 'migrate vcpu0 cpu=1', '}'],
    holds: ['forall vcpu0.eax == 1', ...NO_BLAME],
  },
  'and so does another CPU from then on': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', RING],
    other: ['wait [gpu.bell] == 2', 'mov eax, [x]'],
    device: [],
    actors: ['host {', 'migrate vcpu0 cpu=1', '}'],
    holds: ['~exists vcpu1.eax == 0 && [x] == 0', ...NO_BLAME],
  },
};
