/**
 * What is asked now and then, and needs no simulator: it comes with it, so that in a browser the server itself stays small
 * and starts without the texts that only hovers and completion show.
 */
import { aboutText } from './features/about.ts';
import { callableAt, callsFrom, callsTo } from './features/call-hierarchy.ts';
import { isBetweenStatements, offersAt } from './features/completion.ts';
import { hoverAt } from './features/hover.ts';
import { includesAfter } from './features/moved-files.ts';
import { refactoringsOf } from './features/refactorings.ts';
import { signatureAt } from './features/signature.ts';
import { typeDefinitionAt } from './features/type-definition.ts';
import { workspaceNames } from './features/workspace-symbols.ts';

export const extras = {
  aboutText,
  callableAt,
  callsFrom,
  callsTo,
  hoverAt,
  includesAfter,
  isBetweenStatements,
  offersAt,
  refactoringsOf,
  signatureAt,
  typeDefinitionAt,
  workspaceNames,
};

export type Extras = typeof extras;
