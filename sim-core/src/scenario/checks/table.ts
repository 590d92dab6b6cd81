/** Every diagnostic code of the language, one line each. */

import { badBdf } from './bad-bdf.ts';
import { badCharacter } from './bad-character.ts';
import { badNumber } from './bad-number.ts';
import { badOptionValue } from './bad-option-value.ts';
import { badString } from './bad-string.ts';
import { boundTwice } from './bound-twice.ts';
import { brokenInclude } from './broken-include.ts';
import { callTooDeep } from './call-too-deep.ts';
import type { Check } from './check.ts';
import { constantCondition } from './constant-condition.ts';
import { duplicateBlock } from './duplicate-block.ts';
import { duplicateField } from './duplicate-field.ts';
import { duplicateName } from './duplicate-name.ts';
import { duplicateOption } from './duplicate-option.ts';
import { emptyLoop } from './empty-loop.ts';
import { emptyRange } from './empty-range.ts';
import { expected } from './expected.ts';
import { fileTooLarge } from './file-too-large.ts';
import { groupIommus } from './group-iommus.ts';
import { impossibleErrno } from './impossible-errno.ts';
import { lineTooLong } from './line-too-long.ts';
import { misplacedConstant } from './misplaced-constant.ts';
import { missingBrace } from './missing-brace.ts';
import { missingMachine } from './missing-machine.ts';
import { missingOption } from './missing-option.ts';
import { mistypedRegister } from './mistyped-register.ts';
import { modelLimit } from './model-limit.ts';
import { nearestKernel } from './nearest-kernel.ts';
import { nestedTooDeep } from './nested-too-deep.ts';
import { neverWritten } from './never-written.ts';
import { noEffect } from './no-effect.ts';
import { noSteps } from './no-steps.ts';
import { notInKernel } from './not-in-kernel.ts';
import { notModelled } from './not-modelled.ts';
import { notOnCpu } from './not-on-cpu.ts';
import { nothingChecked } from './nothing-checked.ts';
import { nsWithoutRight } from './ns-without-right.ts';
import { olderName } from './older-name.ts';
import { procArguments } from './proc-arguments.ts';
import { recursiveProc } from './recursive-proc.ts';
import { sharedBdf } from './shared-bdf.ts';
import { sharedPageAddress } from './shared-page-address.ts';
import { strayBrace } from './stray-brace.ts';
import { strayOr } from './stray-or.ts';
import { testCreatesNothing } from './test-creates-nothing.ts';
import { tooManyDiagnostics } from './too-many-diagnostics.ts';
import { tooManyLines } from './too-many-lines.ts';
import { tooManyStatements } from './too-many-statements.ts';
import { trailingText } from './trailing-text.ts';
import { undecodedPointer } from './undecoded-pointer.ts';
import { unexpectedBinding } from './unexpected-binding.ts';
import { unknownActor } from './unknown-actor.ts';
import { unknownAttribute } from './unknown-attribute.ts';
import { unknownCall } from './unknown-call.ts';
import { unknownConstant } from './unknown-constant.ts';
import { unknownCpu } from './unknown-cpu.ts';
import { unknownDevice } from './unknown-device.ts';
import { unknownDriver } from './unknown-driver.ts';
import { unknownErrno } from './unknown-errno.ts';
import { unknownField } from './unknown-field.ts';
import { unknownHardware } from './unknown-hardware.ts';
import { unknownInclude } from './unknown-include.ts';
import { unknownIommu } from './unknown-iommu.ts';
import { unknownKernel } from './unknown-kernel.ts';
import { unknownKeyword } from './unknown-keyword.ts';
import { unknownMove } from './unknown-move.ts';
import { unknownName } from './unknown-name.ts';
import { unknownOp } from './unknown-op.ts';
import { unknownOption } from './unknown-option.ts';
import { unknownProc } from './unknown-proc.ts';
import { unknownRegister } from './unknown-register.ts';
import { unknownRequest } from './unknown-request.ts';
import { unknownTerm } from './unknown-term.ts';
import { unknownTlpAttribute } from './unknown-tlp-attribute.ts';
import { unknownVcpu } from './unknown-vcpu.ts';
import { unknownWord } from './unknown-word.ts';
import { unopenedDevice } from './unopened-device.ts';
import { unreachable } from './unreachable.ts';
import { unused } from './unused.ts';
import { usedBeforeBound } from './used-before-bound.ts';
import { valueTooLarge } from './value-too-large.ts';
import { wrongActor } from './wrong-actor.ts';
import { wrongArgument } from './wrong-argument.ts';
import { wrongBlock } from './wrong-block.ts';
import { wrongOperand } from './wrong-operand.ts';
import { wrongOutput } from './wrong-output.ts';
import { wrongResult } from './wrong-result.ts';
import { wrongValueCount } from './wrong-value-count.ts';

/** What the parser, the checks of single lines and of the whole scenario, and the elaborator report. */
export const CHECKS: readonly Check[] = [
  badBdf,
  badCharacter,
  badNumber,
  badOptionValue,
  badString,
  boundTwice,
  brokenInclude,
  callTooDeep,
  constantCondition,
  duplicateBlock,
  duplicateField,
  duplicateName,
  duplicateOption,
  emptyLoop,
  emptyRange,
  expected,
  fileTooLarge,
  groupIommus,
  impossibleErrno,
  lineTooLong,
  misplacedConstant,
  missingBrace,
  missingMachine,
  missingOption,
  mistypedRegister,
  modelLimit,
  nestedTooDeep,
  nearestKernel,
  neverWritten,
  noEffect,
  noSteps,
  notInKernel,
  notModelled,
  notOnCpu,
  nothingChecked,
  nsWithoutRight,
  olderName,
  procArguments,
  recursiveProc,
  sharedBdf,
  sharedPageAddress,
  undecodedPointer,
  strayBrace,
  strayOr,
  testCreatesNothing,
  tooManyDiagnostics,
  tooManyLines,
  tooManyStatements,
  trailingText,
  unexpectedBinding,
  unknownActor,
  unknownAttribute,
  unknownCall,
  unknownConstant,
  unknownCpu,
  unknownDevice,
  unknownDriver,
  unknownErrno,
  unknownField,
  unknownHardware,
  unknownInclude,
  unknownIommu,
  unknownKernel,
  unknownKeyword,
  unknownMove,
  unknownName,
  unknownOp,
  unknownOption,
  unknownProc,
  unknownRegister,
  unknownRequest,
  unknownTerm,
  unknownTlpAttribute,
  unknownVcpu,
  unknownWord,
  unopenedDevice,
  unreachable,
  unused,
  usedBeforeBound,
  valueTooLarge,
  wrongActor,
  wrongArgument,
  wrongBlock,
  wrongOperand,
  wrongOutput,
  wrongResult,
  wrongValueCount,
];

export const checkByCode: ReadonlyMap<string, Check> = new Map(CHECKS.map((check) => [check.code, check]));
