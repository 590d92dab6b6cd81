/**
 * A scenario as a C program that makes its system calls on a real machine.
 *
 * {@link cProgram} follows one run: each statement waits for its turn, each declared result is a test of the Test
 * Anything Protocol, and every call is printed with what the kernel answered. {@link cLitmus} lets all threads run
 * freely, many times, and counts outcomes. What a program cannot do (TLPs, evictions, registers of devices) is left out
 * and named, in the program and to the caller.
 */
import type { Model } from '../../engine/model.ts';
import type { Place } from '../../engine/program.ts';
import { actorFunctions, startThreads } from './actor-code.ts';
import { NotAProgram } from './not-a-program.ts';
import { outcomeCode, printedFinalValues } from './observed-values.ts';
import { errnoNames, programHead } from './program-head.ts';
import { runtimeFor } from './runtime.ts';
import { FREELY, IN_TURNS } from './runtime-forms.ts';
import { ScenarioCode } from './scenario-code.ts';
import { statementAt } from './statement-at.ts';
import { programOf } from './straight-line.ts';
import { cString } from './text.ts';

/** A statement of the run that the program follows. */
export interface RunStatement {
  /** Index of the actor; -1 for what the environment does. */
  readonly actor: number;
  /** Absent for the environment. */
  readonly place?: Place;
  /** As it is written. */
  readonly text: string;
  /** What the simulator returns for a system call; negative for an errno. */
  readonly result?: number;
}

export interface CProgram {
  readonly text: string;
  readonly leftOut: readonly LeftOutStatement[];
}

export interface LeftOutStatement {
  /** 0-based; -1 for what the environment does. */
  readonly line: number;
  readonly actor: string;
  readonly text: string;
  readonly why: string;
}

export interface CProgramOptions {
  /** The scenario's file and title, for the first lines. */
  readonly file: string;
  readonly title: string;
}

/** One run as a program. `statements` are in the order in which they ended. */
export function cProgram(model: Model, statements: readonly RunStatement[], options: CProgramOptions): CProgram {
  const code = new ScenarioCode(model);
  const leftOut: LeftOutStatement[] = [];
  const bodies = model.world.topology.actors.map((): string[] => []);
  let turns = 0;
  let tests = 0;
  for (const { actor, place, text, result } of statements) {
    const name = model.world.topology.actors[actor]?.name ?? 'environment';
    const statement = place && statementAt(model, place);
    if (place && !statement) continue;
    const line = place?.line ?? -1;
    const made = statement
      ? code.inTurn(statement, { actor, line, text, model: result ?? 0 })
      : { why: 'the environment of the model does it' };
    if ('why' in made) {
      leftOut.push({ line, actor: name, text, why: made.why });
      continue;
    }
    if (made.lines.length === 0) continue;
    if (made.declares) tests++;
    bodies[actor]?.push(`turn(${turns++}, ${line + 1});`, ...made.lines, 'next();');
  }
  const text = [
    ...programHead(model, code.needs, options, leftOut, 'tests'),
    runtimeFor(model.world.topology.cpu.physicalAddressBits),
    ...errnoNames(),
    IN_TURNS,
    ...actorFunctions(model, bodies, false),
    ...startThreads(model, bodies, false),
    ...mainInTurns(tests, printedFinalValues(model, code.needs.guests)),
  ].join('\n');
  return { text, leftOut };
}

/** All threads freely, `rounds` times when the program is not told otherwise. */
export function cLitmus(model: Model, options: CProgramOptions): CProgram {
  const code = new ScenarioCode(model);
  const leftOut: LeftOutStatement[] = [];
  const bound = new Set<string>();
  const bodies = model.world.topology.actors.map(({ name, kind }, actor) =>
    programOf(model, actor).flatMap((place): string[] => {
      const statement = statementAt(model, place);
      if (!statement) return [];
      const made = code.free(statement, { actor, line: place.line });
      if ('why' in made) leftOut.push({ line: place.line, actor: name, text: textOf(model, place), why: made.why });
      else if (kind !== 'setup' && statement.kind === 'syscall' && statement.bind) bound.add(statement.bind.text);
      return 'why' in made ? [] : [...made.lines];
    }),
  );
  const outcome = outcomeCode(model, [...bound]);
  if (outcome.length === 0) {
    throw new NotAProgram(
      'It has no outcome: no thread binds a name, and no condition mentions an errno, a register of a vCPU or a word.',
    );
  }
  const parties = model.world.topology.actors.filter(
    ({ kind }, actor) => kind !== 'setup' && (bodies[actor]?.length ?? 0) > 0,
  ).length;
  const text = [
    ...programHead(model, code.needs, options, leftOut, 'litmus'),
    runtimeFor(model.world.topology.cpu.physicalAddressBits),
    FREELY,
    `#define PARTIES ${parties}`,
    ...actorFunctions(model, bodies, true),
    ...startThreads(model, bodies, true),
    ...mainFreely(outcome),
  ].join('\n');
  return { text, leftOut };
}

function textOf({ sources }: Model, { file, line }: Place): string {
  return sources[file]?.parsed.lines[line]?.text.trim() ?? '';
}

function mainInTurns(tests: number, finalValues: readonly string[]): string[] {
  return [
    'int main(int count, char **words)',
    '{',
    '\tsetvbuf(stdout, NULL, _IOLBF, 0);',
    ...helpCode(''),
    '\tname_devices(count - 1, words + 1);',
    '\tprintf("TAP version 13\\n");',
    '\tfind_devices();',
    `\tprintf("1..${tests}\\n");`,
    '\tsay_kernel();',
    '\tmake_shared();',
    '\treset_shared();',
    '\tclose_files();',
    '\tsignal(SIGALRM, too_late);',
    '\tmap_memory();',
    '\tall_processes();',
    ...finalValues.map((line) => `\t${line}`),
    '\treturn atomic_load(&S->stop) || atomic_load(&S->failed) ? 1 : 0;',
    '}',
    '',
  ];
}

function helpCode(options: string): string[] {
  return [
    '\tfor (int i = 1; i < count; i++)',
    '\t\tif (asks_for_help(words[i]))',
    `\t\t\tusage(words[0], ${cString(options)});`,
  ];
}

function mainFreely(outcome: readonly string[]): string[] {
  return [
    'static void one_round(unsigned int seed)',
    '{',
    '\tchar *end = S->outcome;',
    '',
    '\tround_seed = seed;',
    '\tclose_files();',
    '\tmap_memory();',
    '\tall_processes();',
    ...outcome.map((line) => `\t${line}`),
    '\t_exit(0);',
    '}',
    '',
    'int main(int count, char **words)',
    '{',
    '\tlong rounds = 1000, done;',
    '',
    ...helpCode(' [-n ROUNDS]'),
    '\tif (count > 1 && !strcmp(words[1], "-n")) {',
    '\t\trounds = rounds_of(words[2]);',
    '\t\tcount -= 2;',
    '\t\twords += 2;',
    '\t}',
    '\tname_devices(count - 1, words + 1);',
    '\tfind_devices();',
    '\tmake_shared();',
    '\tfor (done = 0; done < rounds && late + broken < MAX_UNFINISHED; done++) {',
    '\t\tint status;',
    '\t\tpid_t pid;',
    '',
    '\t\treset_shared();',
    '\t\tfflush(stdout);',
    '\t\tpid = fork();',
    '\t\tif (!pid) {',
    '\t\t\talarm(ROUND_SECONDS);',
    '\t\t\tone_round(done);',
    '\t\t}',
    '\t\tif (pid < 0 || waitpid(pid, &status, 0) < 0)',
    '\t\t\tbroken++;',
    '\t\telse',
    '\t\t\tcount_round(status);',
    '\t}',
    '\treturn write_histogram(done);',
    '}',
    '',
  ];
}
