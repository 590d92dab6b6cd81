/** What the adapter can do, as the client is told at the start; one comment a line on what the user gets from it. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { exceptionFilters } from './to-dap.ts';

export const CAPABILITIES: DebugProtocol.Capabilities = {
  // The client tells when all breakpoints are set, so none is missed.
  supportsConfigurationDoneRequest: true,
  // *Step Back* and *Reverse* buttons.
  supportsStepBack: true,
  supportsFunctionBreakpoints: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  // *Break on Value Change*, from the Variables view, an expression or an address.
  supportsDataBreakpoints: true,
  supportsDataBreakpointBytes: true,
  // Before a line or when it has returned; whose accesses of a word stop.
  breakpointModes: [
    { mode: 'before', label: 'Before', description: 'Before the statement.', appliesTo: ['source'] },
    { mode: 'after', label: 'After', description: 'When the statement has returned.', appliesTo: ['source'] },
    { mode: 'any', label: 'CPU or device', description: 'Any access of the word.', appliesTo: ['data'] },
    { mode: 'cpu', label: 'A CPU', description: 'Only loads and stores of CPUs.', appliesTo: ['data'] },
    { mode: 'device', label: 'A device', description: 'Only TLPs of devices.', appliesTo: ['data'] },
  ],
  // Filters in the Breakpoints view, each with a condition.
  exceptionBreakpointFilters: exceptionFilters(),
  supportsExceptionFilterOptions: true,
  // The explanation of a finding, in the editor.
  supportsExceptionInfoRequest: true,
  supportsEvaluateForHovers: true,
  // Completion in the debug console.
  supportsCompletionsRequest: true,
  completionTriggerCharacters: ['.', '(', '['],
  supportsRestartRequest: true,
  // Back to the beginning of a call.
  supportsRestartFrame: true,
  // One actor moves alone.
  supportsSingleThreadExecutionRequests: true,
  // A long run shows its progress and can be cancelled.
  supportsCancelRequest: true,
  // A value is copied as JSON.
  supportsClipboardContext: true,
  supportsTerminateRequest: true,
  // Breakpoints go to lines that can be executed.
  supportsBreakpointLocationsRequest: true,
  // Hexadecimal values on request.
  supportsValueFormattingOptions: true,
  supportsDelayedStackTraceLoading: true,
  // `instruction` is a micro-step.
  supportsSteppingGranularity: true,
  // *Step Into Target*: who moves next.
  supportsStepInTargetsRequest: true,
  // *Jump to Cursor*: any recorded time at which the line was reached.
  supportsGotoTargetsRequest: true,
  // The scenario, its includes, and the kernel's files as they are modelled.
  supportsLoadedSourcesRequest: true,
  // Micro-steps as instructions, with breakpoints on them.
  supportsDisassembleRequest: true,
  supportsInstructionBreakpoints: true,
  // The console is coloured.
  supportsANSIStyling: true,
  // Memory as DRAM, each CPU and each device has it.
  supportsReadMemoryRequest: true,
  // What is recorded stays: a change begins a branch.
  supportsWriteMemoryRequest: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
};
