import type { Vocabulary } from './vocabulary.ts';

/** Whether a name is meant as a constant of the kernel: names that scenarios bind are not in capitals. */
export function looksConstant(name: string, vocabulary: Vocabulary): boolean {
  return vocabulary.constants.has(name) || CONSTANT_STYLE.test(name);
}

const CONSTANT_STYLE = /^[A-Z][A-Z0-9]*_[A-Za-z0-9_]*$|^E[A-Z0-9]{2,}$|^[A-Z]{4,}$/;
