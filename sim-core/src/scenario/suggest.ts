/**
 * The candidate that a mistyped word is meant for, or undefined when none is near enough.
 *
 * First what people write instead of it (`MRead`, `stale_read`), then a word of which only the beginning is there, or
 * which has something after it (`of`, `v6.6.1`), then the nearest. Distance is Damerau–Levenshtein with adjacent
 * transpositions (optimal string alignment), without regard to case: swapped neighbours and a wrong case are the
 * commonest slips in names such as KVM_DEV_VFIO_GROUP_ADD. A name of one letter is near to nothing: `y` is not a slip
 * for `x`.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const known = [...candidates].filter((candidate) => candidate !== word);
  return spelledOtherwise(word, known) ?? beginning(word, known) ?? nearestBySpelling(word, known);
}

/** Words that people know from elsewhere, and what they are called here. */
const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    PAGE_SIZE: ['PAGE'],
    PAGESIZE: ['PAGE'],
    mread: ['MRd'],
    memrd: ['MRd'],
    memread: ['MRd'],
    mrdreq: ['MRd'],
    mwrite: ['MWr'],
    memwr: ['MWr'],
    memwrite: ['MWr'],
    cfgwrite: ['CfgWr'],
    nosnoop: ['ns', 'no-snoop'],
    no_snoop: ['ns', 'no-snoop'],
    yes: ['on'],
    true: ['on'],
    enabled: ['on'],
    no: ['off'],
    false: ['off'],
    disabled: ['off'],
    vtd: ['vt-d'],
    dmar: ['vt-d'],
    'amd-vi': ['amd'],
    clflush_opt: ['clflushopt'],
    wbinv: ['wbinvd'],
    exit_group: ['exit'],
    pread: ['pread64'],
    pwrite: ['pwrite64'],
    creat: ['open'],
    dup2: ['dup'],
    dup3: ['dup'],
  }),
);

function spelledOtherwise(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const meant = SYNONYMS.get(word) ?? SYNONYMS.get(lower);
  const plain = lower.replaceAll('_', '-');
  return (
    candidates.find((candidate) => meant?.includes(candidate)) ??
    candidates.find((candidate) => candidate.toLowerCase().replaceAll('_', '-') === plain)
  );
}

/** The shortest word that begins so; else the longest that it begins with. */
function beginning(word: string, candidates: readonly string[]): string | undefined {
  if (word.length < 2) return undefined;
  const lower = word.toLowerCase();
  const most = Math.max(1, Math.floor(word.length / 3));
  const longer = candidates.filter((candidate) => candidate.toLowerCase().startsWith(lower));
  const near = longer.filter((candidate) => candidate.length - word.length <= most);
  const [only, more] = longer;
  if (near.length > 0) return near.reduce((best, one) => (one.length < best.length ? one : best));
  if (only !== undefined && more === undefined && word.length > 2) return only;
  const shorter = candidates.filter((candidate) => {
    const rest = lower.slice(candidate.length);
    const begins = candidate.length > 1 && lower.startsWith(candidate.toLowerCase());
    return begins && (rest.length <= Math.min(most, 2) || /^[.+~-]/.test(rest));
  });
  return shorter.length === 0 ? undefined : shorter.reduce((best, one) => (one.length > best.length ? one : best));
}

function nearestBySpelling(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (word.length === 1 || Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(lower, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `; did you mean X?`, or a full stop. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '.' : `; did you mean \`${suggestion}\`?`;
}

/** The edit distance, or any number from `limit` on when it is at least `limit`. */
export function editDistance(left: string, right: string, limit: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    let smallest = row;
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
      smallest = Math.min(smallest, cost);
    }
    if (smallest >= limit) return limit;
    beforeLast = last;
    last = current;
  }
  return last[right.length]!;
}
