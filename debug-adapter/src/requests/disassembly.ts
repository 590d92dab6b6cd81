/** Requests of the Disassembly view: micro-steps as instructions, and breakpoints on them. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { breakpointsGiven } from '../argument-shapes.ts';
import { DEBUGGER_LIMITS } from '../limits.ts';
import { addressIn, type Instruction, writtenAddress } from '../listing.ts';
import { RequestError } from '../request-error.ts';
import { type Launched, launchedOf, type RequestAnswer, type SessionState } from '../session-state.ts';
import { applyTriggers, hereOf } from './breakpoints.ts';

export function disassemble(state: SessionState, args: DebugProtocol.DisassembleArguments): RequestAnswer {
  const launched = launchedOf(state);
  const address = addressIn(args.memoryReference);
  if (address === undefined)
    throw new RequestError(
      `${args.memoryReference} is not the address of a micro-step: take the instructionPointerReference of a stack frame.`,
    );
  const count = Math.min(args.instructionCount, DEBUGGER_LIMITS.instructions);
  const found = launched.debuggee.listing.from(address + (args.offset ?? 0), args.instructionOffset ?? 0, count);
  if (found.some(({ address: at }) => at < 0)) throw new RequestError('There is no code below address 0.');
  return {
    body: {
      instructions: found.map(({ address: at, instruction }) =>
        instruction
          ? toInstruction(launched, instruction, args.resolveSymbols === true)
          : { address: writtenAddress(at), instruction: '', presentationHint: 'invalid' },
      ),
    },
  };
}

export function setInstructionBreakpoints(
  state: SessionState,
  args: DebugProtocol.SetInstructionBreakpointsArguments,
): RequestAnswer {
  state.breakpoints.setInstructions(breakpointsGiven(args.breakpoints), hereOf(state));
  applyTriggers(state);
  return { body: { breakpoints: state.breakpoints.instructionAnswers(state.launched?.debuggee) } };
}

function toInstruction(
  { convert }: Launched,
  { address, text, symbol, place }: Instruction,
  withSymbols: boolean,
): DebugProtocol.DisassembledInstruction {
  return {
    address: writtenAddress(address),
    // Editors do not show the symbol, and `check the argument` is in many functions.
    instruction: `${symbol}: ${text}`,
    ...(withSymbols && { symbol }),
    location: 'file' in place ? convert.source(place.file) : convert.kernelSource(place.page),
    line: convert.line(place.line),
  };
}
