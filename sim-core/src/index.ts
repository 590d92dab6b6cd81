/** The whole public API of sim-core. Only outsiders import this file. */

export { counted } from './counted.ts';
export { BUFFERED } from './cpu/store-buffer.ts';
export type { StatementArgs, Value } from './engine/compile.ts';
export * from './engine/executor.ts';
export * from './engine/model.ts';
export * from './engine/monitors/monitors.ts';
export * from './engine/monitors/table.ts';
export * from './engine/program.ts';
export type { AnyRoutine, Local, LocalKind, Routine, Step } from './engine/routine.ts';
export * from './engine/run.ts';
export { scheduleProblemText } from './engine/schedule-problem.ts';
export { type FrameView, Task } from './engine/task.ts';
export { describeEvent, type EventText, findingTextAt, resultText } from './explain/event-text.ts';
export { errnoText, type FailedCall, failedCall, failedCallText, pendingCheck } from './explain/failed-call.ts';
export { History } from './explain/history.ts';
export { ObjectNames } from './explain/object-names.ts';
export { Frames, SeenSteps, stepCode } from './explain/seen-steps.ts';
export { changeText, iopteText, LOCKS, objectName } from './explain/slot-names.ts';
export { nodeOfStep, statementText } from './explain/statement-text.ts';
export { StepTexts } from './explain/step-text.ts';
export { stuckText } from './explain/stuck-text.ts';
export { type TraceTextOptions, traceText } from './explain/trace-text.ts';
export { type Explanation, type Link, why, whyFailed, whyText } from './explain/why.ts';
export { type FactExplanation, notAFact, whyFact } from './explain/why-fact.ts';
export * from './explore/checkpoint/checkpoint.ts';
export * from './explore/exploration.ts';
export { explore } from './explore/explore.ts';
export {
  leavesOpen,
  searchOfFewSwitches,
  withFewSwitches,
} from './explore/few-switches.ts';
export { minimise, minimiseMoves, switchesOf } from './explore/minimise.ts';
export { Crew, type CrewOptions, LOOK_MS } from './explore/parallel/crew.ts';
export {
  createLevelWorker,
  type FromLevelWorker,
  type LevelAnswer,
  type LevelWorker,
  type ToLevelWorker,
} from './explore/parallel/level-worker.ts';
export { type ParallelOptions, ParallelSearch } from './explore/parallel/parallel.ts';
export {
  type Lease,
  type PoolThread,
  type StartThread,
  type ThreadEvents,
  ThreadPool,
} from './explore/parallel/thread-pool.ts';
export { MAX_SEED } from './explore/prng.ts';
export * from './explore/random/estimate.ts';
export { mergeExplorations } from './explore/random/merge.ts';
export { RandomSearch, randomRuns } from './explore/random/random.ts';
export * from './explore/random/result.ts';
export { type SampleOptions, Sampler, sample } from './explore/random/sample.ts';
export { NotMergeable } from './explore/random/shards.ts';
export { type Share, ShareOfLevels } from './explore/results/share.ts';
export { Search } from './explore/search.ts';
export { shortestSchedule, type Target } from './explore/shortest.ts';
export { type FindingSite, siteKey } from './explore/sites.ts';
export type { GraphState, GraphWay, StateGraph } from './explore/state-graph.ts';
export * from './files/kinds.ts';
export { type EptRecording, looksLikeEptRecording, parseEptRecording } from './interop/ept/recording.ts';
export { type EptDifference, type EptResult, replayEpt } from './interop/ept/replay.ts';
export { judgeRace, looksLikeRaces, parseRaces, type RaceJudgement, type RaceRow } from './interop/races.ts';
export * from './interop/rebuild/index.ts';
export * from './interop/recording.ts';
export { recordingScenario } from './interop/recording-scenario.ts';
export { type Difference, type FunctionAgreement, type ReplayResult, replay } from './interop/replay.ts';
export { profileOfRecording } from './interop/replay-scenario.ts';
export { recordedRun } from './interop/trace/recorded-run.ts';
export * from './interop/trace/trace-file.ts';
export * from './interop/trace/trace-run.ts';
export { IOPTE } from './iommu/iommu.ts';
export { isRecord } from './is-record.ts';
export { type Advice, adviceText, droppedLines, type HowToAsk } from './judge/advice.ts';
export * from './judge/bisection.ts';
export * from './judge/check.ts';
export * from './judge/condition-in-run.ts';
export * from './judge/coverage/coverage.ts';
export { CoverageObserver } from './judge/coverage/coverage-observer.ts';
export * from './judge/exploration-text.ts';
export * from './judge/failures.ts';
export { type FinalValue, finalValues } from './judge/final-values.ts';
export { findingTitle, type PlacedFinding } from './judge/placed-finding.ts';
export * from './judge/report.ts';
export * from './judge/verdict-groups.ts';
export * from './judge/verdict-lines.ts';
export * from './judge/verdict-text.ts';
export * from './kernel/changes.ts';
export { DIED, ERRNOS, errnoName } from './kernel/errno.ts';
export { hasFunction } from './kernel/functions.ts';
export * from './kernel/named-kernels.ts';
export * from './kernel/profiles.ts';
export * from './kernel/releases.ts';
export { LEAF, leafType } from './kvm/mmu.ts';
export { MSR_NUMBERS } from './kvm/msr.ts';
export { LIMITS, type Limit, ModelLimit } from './limits.ts';
export { LINE, LINE_STATES } from './memory/memory.ts';
export * from './memory/memtype.ts';
export * from './ops/constants.ts';
export { ATTRIBUTES, type Attribute, attributeByName } from './ops/kvm-vfio/attributes.ts';
export { leftOutAbout } from './ops/not-modelled.ts';
export * from './ops/op.ts';
export * from './ops/structs.ts';
export { IOCTLS, OPS, opNamed } from './ops/table.ts';
export * from './pictures/index.ts';
export { type KernelResult, resultsByLine } from './predict/kernel-results.ts';
export type { KernelGroup, PredictOptions } from './predict/kernels.ts';
export { type Mended, mending } from './predict/mended.ts';
export { predicting } from './predict/predict.ts';
export { type StateValue, statesAfter } from './predict/states.ts';
export * from './scenario/ast.ts';
export { blockOfLines, contentsOfKind } from './scenario/blocks.ts';
export { aliasEdits } from './scenario/checks/aliases.ts';
export { kernelsText } from './scenario/checks/kernels-text.ts';
export { leftOutAt } from './scenario/checks/left-out-at.ts';
export { type CheckContext, checkingText, checkText } from './scenario/checks/run-checks.ts';
export { checkByCode } from './scenario/checks/table.ts';
export { noKernel } from './scenario/checks/unknown-kernel.ts';
export {
  compileExpression,
  type Expression,
  type ExpressionContext,
  type Extra,
} from './scenario/elaborate/expression.ts';
export { profilesIn } from './scenario/elaborate/kernel-ranges.ts';
export { includedFiles, includePath } from './scenario/elaborate/scenario-sources.ts';
export { scheduleText } from './scenario/elaborate/schedule.ts';
export { type TypedSchedule, typedSchedule } from './scenario/elaborate/typed-schedule.ts';
export { coherentWord } from './scenario/elaborate/wait.ts';
export { type ElaborateOptions, type Elaboration, elaborate, elaborating } from './scenario/elaborate.ts';
export {
  CACHE_STATES,
  FACTS,
  type FactParam,
  type FactSpec,
  factByName,
  MEMORY_TYPES,
} from './scenario/facts.ts';
export { format, type LineEdit, print } from './scenario/format.ts';
export { type KernelsFile, type KernelsProblem, readKernelsFile } from './scenario/kernels-file.ts';
export { INNER_WORDS, LANGUAGE_WORDS, type LanguageWord } from './scenario/language-words.ts';
export { MACHINE_OPTIONS, type MachineOption, type OptionOwner } from './scenario/machine-options.ts';
export { ARRIVAL, CPU_MOVES, MACHINE_WORD_DOCS } from './scenario/machine-words.ts';
export { parse } from './scenario/parser.ts';
export { printActor } from './scenario/printer.ts';
export {
  type Completion,
  type CompletionPlace,
  completionAt,
  documentationAbove,
  type EnclosingCall,
  type FoldingRange,
  foldingRanges,
  type Meaning,
  type OutlineEntry,
  opOfLine,
  outline,
  type ScenarioSymbol,
  type SemanticToken,
  type SemanticType,
  type SymbolTable,
  semanticTokens,
  symbolsOf,
  type TextPosition,
  type WordAt,
  wordAt,
} from './scenario/query.ts';
export { rangeTextContains } from './scenario/ranges.ts';
export { Notes, remembered } from './scenario/remembered.ts';
export { type RoleWord, rolesOf, vcpuActorName, type WordRole } from './scenario/roles.ts';
export { didYouMean, nearest } from './scenario/suggest.ts';
export type { TextPlace } from './scenario/symbols.ts';
export { SCENARIO_TEMPLATES, type ScenarioTemplate } from './scenario/templates.ts';
export { OP_KINDS_OF, VOCABULARY, type Vocabulary } from './scenario/vocabulary.ts';
export * from './state/event.ts';
export * from './state/ids.ts';
export type { Field, Layout } from './state/layout.ts';
export { Machine, NOTE } from './state/machine.ts';
export { toEnd } from './to-end.ts';
export { isX86, secondStageName, type Topology } from './topology.ts';
export type { World } from './world.ts';
