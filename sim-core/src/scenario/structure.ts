import { LIMITS } from '../limits.ts';
import type { Block, BlockItem, BlockKind, Diagnostic, Line, LineContent, Span } from './ast.ts';
import { LANGUAGE_WORDS, MACHINE_WORDS } from './language-words.ts';
import { isBlank } from './line-scanner.ts';
import { blockTitle, braceSpan, codeSpan, firstWord, keyword } from './line-text.ts';
import { blockKind, finishedBlock, finishedItem, lineItem, type OpenBlock, startAlternative } from './open-blocks.ts';

export interface Structure {
  readonly lines: readonly Line[];
  readonly blocks: readonly Block[];
  readonly diagnostics: readonly Diagnostic[];
  /** Whether the braces alone gave the blocks; if not, indentation had to help. */
  readonly balanced: boolean;
}

/** Gives the line at an index, read as a line of a block of this kind. */
export type ReadLine = (block: BlockKind, index: number) => Line;

/**
 * Puts lines into blocks. Braces alone decide while they balance. When they do not, indentation tells where the author
 * saw the end of a block, so that one missing or stray brace is one diagnostic and not one for every line below it.
 */
export function buildStructure(texts: readonly string[], read: ReadLine): Structure {
  const strict = new Builder(texts, read, false);
  if (strict.run()) return strict.result();
  const lenient = new Builder(texts, read, true);
  lenient.run();
  return lenient.result();
}

class Builder {
  readonly texts: readonly string[];
  readonly read: ReadLine;
  readonly byIndentation: boolean;
  readonly lines: Line[] = [];
  readonly blocks: Block[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly stack: OpenBlock[] = [];
  #tooDeepSaid = false;

  constructor(texts: readonly string[], read: ReadLine, byIndentation: boolean) {
    this.texts = texts;
    this.read = read;
    this.byIndentation = byIndentation;
  }

  /** False when the braces do not balance and indentation was not asked. */
  run(): boolean {
    for (let index = 0; index < this.texts.length; index++) {
      if (this.byIndentation && this.stack.length === 0 && this.#isOrphan(index)) this.#adopt(index);
      const line = this.read(this.stack.at(-1)?.block ?? 'file', index);
      this.lines.push(line);
      if (!this.#place(line, index)) return false;
    }
    if (this.stack.length === 0) return true;
    this.#closeUnfinished(0, this.texts.length - 1);
    return this.byIndentation;
  }

  result(): Structure {
    return { lines: this.lines, blocks: this.blocks, diagnostics: this.diagnostics, balanced: !this.byIndentation };
  }

  #place(line: Line, index: number): boolean {
    const content = line.content;
    switch (content.kind) {
      case 'blank':
        return true;
      case 'broken':
        return this.#placeBroken(content, index);
      case 'close':
        return this.#close(index);
      case 'or':
        return this.#or(line, index);
      case 'machine-open':
      case 'actor-open':
      case 'proc-open':
        return this.#openBlock(line, index, blockKind(content));
      case 'choose-open':
      case 'loop-open':
      case 'repeat-open':
        return this.#openControl(line, index);
      case 'scenario':
      case 'doc':
      case 'source':
      case 'include':
      case 'tags':
      case 'kernel':
      case 'condition':
      case 'schedule':
        return this.#fileLine(line, index);
      default:
        this.stack.at(-1)?.items.push(lineItem(index));
        return true;
    }
  }

  /** A broken line already has its diagnostic: it only keeps the blocks whole. */
  #placeBroken(content: LineContent & { kind: 'broken' }, index: number): boolean {
    const top = this.stack.at(-1);
    if (content.closes && content.opens) {
      if (top?.control) startAlternative(top);
      return true;
    }
    if (content.closes) return top === undefined ? true : this.#close(index);
    if (content.opens === undefined) return true;
    if (content.opens === 'control')
      this.#push({ line: index, block: this.#controlBlock(), control: 'unknown', count: 1 });
    else if (this.stack.length > 0 && this.#endsBlocks(index)) {
      if (!this.byIndentation) return false;
      this.#closeUnfinished(0, index - 1);
      this.#push({ line: index, block: content.opens, header: content, count: 1 });
    } else
      this.#push({ line: index, block: content.opens, ...(this.stack.length === 0 && { header: content }), count: 1 });
    return true;
  }

  #openBlock(line: Line, index: number, kind: BlockKind): boolean {
    if (this.stack.length > 0) {
      if (!this.byIndentation) return false;
      if (this.#endsBlocks(index)) this.#closeUnfinished(0, index - 1);
      else {
        this.#report(
          'wrong-block',
          index,
          firstWord(line),
          `\`${keyword(line)}\` opens a block of the top level, inside ${this.#describeTop()}. Move it after the \`}\` of that block.`,
        );
        this.#push({ line: index, block: kind, count: 1 });
        return true;
      }
    }
    this.#push({ line: index, block: kind, header: line.content, count: 1 });
    return true;
  }

  #openControl(line: Line, index: number): boolean {
    const content = line.content;
    const inside = this.stack.at(-1)?.block ?? 'file';
    if (inside === 'file' || inside === 'machine') {
      const where = inside === 'file' ? 'outside any block' : 'in `machine`';
      this.#report(
        'wrong-block',
        index,
        firstWord(line),
        `\`${keyword(line)}\` is ${where}; only an actor or a procedure chooses and repeats.`,
      );
    }
    const control = content.kind === 'choose-open' ? 'choose' : content.kind === 'loop-open' ? 'loop' : 'repeat';
    const count = content.kind === 'repeat-open' ? Number(content.count.value) : 1;
    this.#push({ line: index, block: this.#controlBlock(), control, count });
    if (this.stack.length > LIMITS.blockNesting + 1 && !this.#tooDeepSaid) {
      this.#tooDeepSaid = true;
      this.#report(
        'nested-too-deep',
        index,
        firstWord(line),
        `Blocks are nested more than ${LIMITS.blockNesting} deep. Move the inner ones into a \`proc\`.`,
      );
    }
    return true;
  }

  /** Lines inside a control block at the top level are read in any notation: the block is misplaced, not they. */
  #controlBlock(): BlockKind {
    return this.stack.at(-1)?.block ?? 'proc';
  }

  #close(index: number): boolean {
    const top = this.stack.at(-1);
    if (top === undefined) {
      this.#report(
        'stray-brace',
        index,
        braceSpan(this.texts[index]!),
        'This `}` closes nothing: no block is open here. Remove it.',
        true,
      );
      return this.byIndentation;
    }
    if (this.byIndentation) {
      const indent = this.#indent(index);
      const meant = this.stack.findLastIndex((open) => this.#indent(open.line) === indent);
      if (meant !== -1 && indent < this.#indent(top.line)) this.#closeUnfinished(meant + 1, index - 1);
      else if (this.#standsMidway(index, top)) {
        top.midway.push(index);
        return true;
      }
    }
    this.#pop(index);
    return true;
  }

  #or(line: Line, index: number): boolean {
    const top = this.stack.at(-1);
    if (top?.control === 'choose') startAlternative(top);
    else if (top?.control !== 'unknown') {
      this.#report(
        'stray-or',
        index,
        { start: firstWord(line).start, end: line.comment?.start ?? line.text.length },
        '`} or {` divides the alternatives of a `choose {`, and none is open here.',
      );
      // Deeper than the block around it, it is the rest of a choose whose first line is missing: it has a `}` of its own.
      const rest = top === undefined || (this.byIndentation && this.#indent(index) > this.#indent(top.line));
      if (rest) this.#push({ line: index, block: this.#controlBlock(), control: 'unknown', count: 1 });
    }
    return true;
  }

  #fileLine(line: Line, index: number): boolean {
    if (this.stack.length === 0) return true;
    if (this.byIndentation && this.#endsBlocks(index)) {
      this.#closeUnfinished(0, index - 1);
      return true;
    }
    this.#report(
      'wrong-block',
      index,
      firstWord(line),
      `\`${keyword(line)}\` belongs at the top level, not inside ${this.#describeTop()}. Move it after the \`}\`.`,
    );
    return true;
  }

  /** Whether a line of the top level is as far left as the outermost open block: then a `}` was forgotten. */
  #endsBlocks(index: number): boolean {
    return this.#indent(index) <= this.#indent(this.stack[0]!.line);
  }

  /** Whether a line is indented like one of a block though none is open, and says nothing of the top level. */
  #isOrphan(index: number): boolean {
    const text = this.texts[index]!;
    if (!CODE.test(text) || this.#indent(index) === 0) return false;
    const word = /^[\s\ufeff]*([A-Za-z_]\w*)?/.exec(text)![1];
    return word === undefined ? !/^[\s\ufeff]*[}~]/.test(text) : !FILE_WORDS.has(word) || isDeviceItem(text);
  }

  /** Reads what follows as the block whose first line is missing, so that it is one diagnostic. */
  #adopt(index: number): void {
    const text = this.texts[index]!;
    const block = MACHINE_LINE.test(text) ? 'machine' : 'proc';
    const span = { start: text.length - text.trimStart().length, end: text.trimEnd().length };
    this.#report(
      'wrong-block',
      index,
      span,
      'From here to the next `}` nothing says whose block this is: a line that opens it, such as `vcpu 0 {`, is missing.',
    );
    this.#push({ line: index, block, count: 1, orphan: true });
  }

  /** Whether the next line is still inside the block by its indentation. */
  #standsMidway(index: number, top: OpenBlock): boolean {
    const indent = this.#indent(top.line);
    // At the indentation of its block and before an empty line, a brace is more likely the end of the block.
    if (this.#indent(index) <= indent && this.texts[index + 1]?.trim() === '') return false;
    for (let next = index + 1; next < this.texts.length; next++) {
      const text = this.texts[next]!;
      if (!CODE.test(text)) continue;
      return this.#indent(next) > indent && !/^[\s\ufeff]*\}/.test(text);
    }
    return false;
  }

  /** Closes the blocks from `first` on that have no `}`, and says so. */
  #closeUnfinished(first: number, endLine: number): void {
    while (this.stack.length > first) {
      const open = this.stack.at(-1)!;
      if (open.orphan) {
        this.#pop(endLine);
        continue;
      }
      const closed = open.midway.pop();
      if (closed === undefined) this.#reportUnclosed(open, endLine);
      else this.#reportAfter(open, closed);
      this.#pop(endLine);
    }
  }

  #reportUnclosed(open: OpenBlock, endLine: number): void {
    const line = this.lines[open.line]!;
    if (line.content.kind === 'broken' && !this.byIndentation) return;
    let last = Math.min(endLine, this.lines.length - 1);
    while (last > open.line && !CODE.test(this.texts[last]!)) last--;
    const at = this.texts[last]!.length;
    const newText = `\n${' '.repeat(this.#indent(open.line))}}`;
    this.diagnostics.push({
      code: 'missing-brace',
      severity: 'error',
      message: `The block \`${blockTitle(line)}\` is not closed: expected a line \`}\` after line ${last + 1}.`,
      line: open.line,
      span: codeSpan(line),
      fixes: [{ title: 'Close the block', edits: [{ line: last, span: { start: at, end: at }, newText }] }],
    });
  }

  /** The block was closed after all, and statements follow its `}`. */
  #reportAfter(open: OpenBlock, closed: number): void {
    const next = open.items.find((item) => item.line > closed)?.line ?? closed;
    const line = this.lines[next]!;
    const message = `This line is outside any block: \`${blockTitle(this.lines[open.line]!)}\` was closed on line ${closed + 1}.`;
    this.#report('wrong-block', next, codeSpan(line), message);
    open.items = open.items.filter((item) => item.line < closed);
  }

  #push(open: Pick<OpenBlock, 'line' | 'block' | 'header' | 'control' | 'count' | 'orphan'>): void {
    const items: BlockItem[] = [];
    this.stack.push({ ...open, items, alternatives: [items], midway: [] });
  }

  #pop(endLine: number): void {
    const open = this.stack.pop()!;
    for (const index of open.midway) {
      this.#report(
        'stray-brace',
        index,
        braceSpan(this.texts[index]!),
        `This \`}\` is in the middle of \`${blockTitle(this.lines[open.line]!)}\`, which is closed again further down. Remove it.`,
        true,
      );
    }
    const block = finishedBlock(open, endLine);
    if (block !== undefined) this.blocks.push(block);
    const item = finishedItem(open, endLine);
    // Beyond the limit the tree is cut, so that walking it recursively is safe.
    if (item !== undefined && this.stack.length <= LIMITS.blockNesting) this.stack.at(-1)?.items.push(item);
  }

  #report(code: string, line: number, span: Span, message: string, removable = false): void {
    const fix = {
      title: 'Remove the line',
      edits: [{ line, span: { start: 0, end: this.texts[line]!.length }, newText: '' }],
    };
    this.diagnostics.push({ code, severity: 'error', message, line, span, ...(removable && { fixes: [fix] }) });
  }

  #describeTop(): string {
    return `\`${blockTitle(this.lines[this.stack[0]!.line]!)}\``;
  }

  #indent(index: number): number {
    const text = this.texts[index]!;
    let width = 0;
    for (let at = 0; isBlank(text.charCodeAt(at)); at++)
      width = text.charCodeAt(at) === 0x09 ? (width | 7) + 1 : width + 1;
    return width;
  }
}

/** `device gpu 0000:01:00.0` is an item of the machine, `device gpu {` a block. */
function isDeviceItem(text: string): boolean {
  return /^\s*device\b[^{]*$/.test(text);
}

const FILE_WORDS: ReadonlySet<string> = new Set(
  LANGUAGE_WORDS.filter((word) => word.blocks.includes('file')).map((word) => word.word),
);
const MACHINE_LINE = new RegExp(`^\\s*(?:${MACHINE_WORDS.join('|')})\\s+[^\\s=(]`);
/** Whether a line has more than blanks and a comment. */
const CODE = /^[\s\ufeff]*(?!\/\/)[^\s\ufeff]/;
