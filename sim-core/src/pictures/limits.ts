/** How much a picture shows. What is left out is said in its notices, with the way to it. */
export const PICTURE_LIMITS = {
  /** Lanes of a timeline: a screen has room for about forty. */
  lanes: 60,
  /** Rows of values below a timeline, and rows of a memory picture. */
  rows: 120,
  /** Statements and marks of a window that are drawn one by one: more would overlap, and are counted in cells. */
  marks: 500,
  /** Cells of a row unless the reader asks for another number: one for about eight pixels. */
  cells: 160,
  /** Outcomes of an exploration, and findings: more are for programs. */
  outcomes: 200,
  /** Nodes of a topology. */
  nodes: 300,
  /** Events that are indexed between two pauses: about a millisecond. */
  slice: 5000,
} as const;
