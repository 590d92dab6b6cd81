/** `attach(group)` for `call attach(group)`: what a statement is called is the name of a procedure, and `call` is missing. */
import type { Diagnostic } from '../ast.ts';
import { codeSpan } from '../line-text.ts';
import type { ScenarioSubject } from './check.ts';
import { unknownCall } from './unknown-call.ts';
import { unknownOp } from './unknown-op.ts';
import { wrongActor } from './wrong-actor.ts';

/** What they mark is the first word of a statement that its block does not have. */
const UNKNOWN_STATEMENT: ReadonlySet<string> = new Set([unknownCall.code, unknownOp.code, wrongActor.code]);

/** Says so in place of what was found in the line alone, which knows no procedures. */
export function explainProcedures(diagnostics: Diagnostic[], { scenario, included }: ScenarioSubject): void {
  let names: ReadonlySet<string> | undefined;
  for (const [index, diagnostic] of diagnostics.entries()) {
    const { code, line, span } = diagnostic;
    if (!UNKNOWN_STATEMENT.has(code)) continue;
    names ??= new Set(
      [scenario, ...included].flatMap(({ blocks }) => blocks.flatMap(({ proc }) => proc?.name.text ?? [])),
    );
    const subject = scenario.lines[line]!;
    const name = subject.text.slice(span.start, span.end);
    if (!names.has(name)) continue;
    const whole = { start: span.start, end: codeSpan(subject).end };
    const given = subject.text.slice(span.end, whole.end).trim();
    const call = `call ${name}${given.startsWith('(') ? given : `(${given})`}`;
    diagnostics[index] = {
      ...diagnostic,
      message: `\`${name}\` is a procedure: write \`${call}\`.`,
      fixes: [{ title: `Write \`${call}\``, edits: [{ line, span: whole, newText: call }] }],
    };
  }
}
