/** The I/O page table entry as a slot holds it. */
/**
 * An I/O page table entry in a slot: 0 is not present, else these bits and the page's index + 1 above them. Above the
 * bits 0 stands for memory that the scenario does not name.
 */
export const IOPTE = { read: 1, write: 2, snoop: 4, pageShift: 3 } as const;
