/** Bits of control registers and MSRs that decide memory types. Source: Intel SDM volume 3, "Control Registers". */
export const CR0_CD = 1 << 30;
