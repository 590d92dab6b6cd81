/** What the ghost notes of copies, of stores that wait and of CR0.CD, beside versions. */

/** `flushing`: the copy is from before a WBINVD of the vCPU that is under way, and is gone when that is over. */
export const OLD_COPY = { none: 0, held: 1, flushing: 2 } as const;

/**
 * Does a store that waits in a write-combining buffer drain past the caches, and when? Any time before its end; when a
 * modified line is written back meanwhile, that may come after it and leave the line's older content.
 */
export const BYPASSES = { no: 0, atTheEnd: 1, orBeforeAWriteBack: 2 } as const;

/** What CR0.CD means for a vCPU's ghost cache: lines that were there still hit until the cache is flushed. */
export const NO_FILL = { off: 0, hitsRemain: 1, flushed: 2 } as const;
