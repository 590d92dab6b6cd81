/** The names of the elements, by the picture that each shows. */
export const ELEMENTS = {
  timeline: 'snoop-timeline',
  topology: 'snoop-topology',
  memory: 'snoop-memory',
  outcomes: 'snoop-outcomes',
} as const;
