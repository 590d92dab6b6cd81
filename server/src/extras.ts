/**
 * What is asked now and then, and needs no simulator: it comes with it, so that in a browser the server itself stays small
 * and starts without the texts that only hovers and completion show.
 */
import { aboutText } from './features/about.ts';
import { callableAt, callsFrom, callsTo } from './features/call-hierarchy.ts';
import { isBetweenStatements, offersAt } from './features/completion.ts';
import { withCutCallFixes } from './features/cut-calls.ts';
import { definitionAt } from './features/definition.ts';
import { formatting } from './features/formatting.ts';
import { hoverAt } from './features/hover.ts';
import { inlineValues } from './features/inline-values.ts';
import { includesAfter } from './features/moved-files.ts';
import { withPointerFixes } from './features/pointer-fixes.ts';
import { refactoringsOf } from './features/refactorings.ts';
import { referencesAt, symbolAt, usesAt } from './features/references.ts';
import { renameable, renamed } from './features/rename.ts';
import { safeEdits } from './features/safe-edits.ts';
import { stretchesAt } from './features/selection.ts';
import { signatureAt } from './features/signature.ts';
import { typeDefinitionAt } from './features/type-definition.ts';
import { workspaceNames } from './features/workspace-symbols.ts';

export const extras = {
  aboutText,
  callableAt,
  callsFrom,
  callsTo,
  definitionAt,
  formatting,
  hoverAt,
  includesAfter,
  inlineValues,
  isBetweenStatements,
  offersAt,
  refactoringsOf,
  referencesAt,
  renameable,
  renamed,
  safeEdits,
  signatureAt,
  stretchesAt,
  symbolAt,
  typeDefinitionAt,
  usesAt,
  withCutCallFixes,
  withPointerFixes,
  workspaceNames,
};

export type Extras = typeof extras;
