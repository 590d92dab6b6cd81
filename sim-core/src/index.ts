/** The whole public API of sim-core. Only outsiders import this file. */
export * from './engine/check.ts';
export { describeEvent, type EventText, findingText, resultText } from './engine/describe.ts';
export * from './engine/executor.ts';
export { History } from './engine/history.ts';
export * from './engine/model.ts';
export * from './engine/monitors/monitors.ts';
export { MONITORS } from './engine/monitors/table.ts';
export * from './engine/program.ts';
export * from './engine/run.ts';
export { type FrameView, type Routine, type Step, Task } from './engine/task.ts';
export { type Explanation, type Link, why, whyText } from './engine/why.ts';
export * from './explore/exploration.ts';
export { minimise, minimiseMoves, switchesOf } from './explore/minimise.ts';
export { explore, Search } from './explore/search.ts';
export * from './interop/recording.ts';
export { recordingScenario } from './interop/recording-scenario.ts';
export { type Difference, type FunctionAgreement, type ReplayResult, replay } from './interop/replay.ts';
export { profileFor } from './interop/replay-scenario.ts';
export { traceText, type TraceTextOptions } from './engine/trace-text.ts';
export * from './kernel/changes.ts';
export * from './kernel/profiles.ts';
export { LINE, LINE_STATES } from './memory/memory.ts';
export { type Limit, LIMITS, ModelLimit } from './limits.ts';
export * from './memory/memtype.ts';
export * from './ops/constants.ts';
export { ATTRIBUTES, type Attribute, attributeByName } from './ops/kvm-vfio/attributes.ts';
export * from './ops/op.ts';
export * from './ops/structs.ts';
export { IOCTLS, OPS, opNamed } from './ops/table.ts';
export * from './scenario/ast.ts';
export { elaborate, type Elaboration, type ElaborateOptions } from './scenario/elaborate.ts';
export { moveName, scheduleText } from './scenario/elaborate/schedule.ts';
export { type TypedSchedule, typedSchedule } from './scenario/elaborate/typed-schedule.ts';
export { profilesIn, rangesContain } from './scenario/elaborate/versions.ts';
export { parse } from './scenario/parser.ts';
export { check, type CheckContext } from './scenario/checks/run.ts';
export { CACHE_STATES, factByName, FACTS, type FactParam, type FactSpec, findingByName, type FindingSpec, MEMORY_TYPES } from './scenario/facts.ts';
export { ALLOWED, CPU_VENDORS, IOMMU_DRIVERS, MACHINE_OPTIONS, type MachineOption, type OptionOwner } from './scenario/machine-options.ts';
export { format, type LineEdit, print } from './scenario/printer.ts';
export {
  type Completion,
  type CompletionPlace,
  completionAt,
  documentationAbove,
  type EnclosingCall,
  type FoldingRange,
  foldingRanges,
  type Meaning,
  meaningOf,
  opOfLine,
  outline,
  type OutlineEntry,
  type Position,
  type ScenarioSymbol,
  type SemanticToken,
  type SemanticType,
  semanticTokens,
  type SymbolTable,
  symbolsOf,
  wordAt,
  type WordAt,
} from './scenario/query.ts';
export { rangeTextContains } from './scenario/ranges.ts';
export { type RoleWord, rolesOf, vcpuName, type WordRole } from './scenario/roles.ts';
export { blockOfLines } from './scenario/blocks.ts';
export { type Place as TextPlace } from './scenario/symbols.ts';
export { OP_KINDS_OF, VOCABULARY, type Vocabulary } from './scenario/vocabulary.ts';
export { LANGUAGE_WORDS, type LanguageWord } from './scenario/words.ts';
export { didYouMean, nearest } from './scenario/suggest.ts';
export * from './state/event.ts';
export type { Field, Layout } from './state/layout.ts';
export { Machine, NOTE } from './state/machine.ts';
export type { Topology } from './topology.ts';
export type { World } from './world.ts';
export { ACCESS } from './cpu/cpu.ts';
export { IOPTE } from './iommu/iommu.ts';
export { LEAF, leafType } from './kvm/mmu.ts';
export { TLP } from './pcie/pcie.ts';
export { compileExpression, type Expression, type ExpressionContext, type Extra } from './scenario/elaborate/expression.ts';
export { coherentWord } from './scenario/elaborate/wait.ts';
