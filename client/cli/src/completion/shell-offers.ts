/** What the completion scripts of all shells have in common: what is offered where, and how a shell is told. */
import { COMMON_OPTIONS } from '../arguments.ts';
import type { Command, CommandOption, ShellOffer } from '../commands/command.ts';

/** Options that work without a command. */
export const OPTIONS_WITHOUT_COMMAND: readonly (readonly [option: string, doc: string])[] = [
  ['--help', 'Print the list of commands.'],
  ['--version', 'Print the version.'],
];

export function optionsOf(command: Command): readonly CommandOption[] {
  return [...command.options, ...COMMON_OPTIONS];
}

/** What is offered for the value of an option, if anything. */
export function offerOf({ choices, offers }: CommandOption): ShellOffer | undefined {
  return choices ? { words: () => choices } : offers;
}

/** An operand of a command: what is offered, and at which positions, counted from 0. */
export interface CompletedOperand {
  readonly name: string;
  readonly offer: ShellOffer;
  readonly from: number;
  /** Infinity where any number of them may follow. */
  readonly to: number;
}

export function operandsOf({ operands, operandOffers = [], maxOperands }: Command): readonly CompletedOperand[] {
  const names = operands.replace(/[[\]…]/g, '').split(' ');
  return operandOffers.map((offer, from) => ({
    offer,
    from,
    name: names[from] ?? '',
    to: from === operandOffers.length - 1 ? maxOperands - 1 : from,
  }));
}

/** There is little room beside a completion. */
export function firstSentence(doc: string): string {
  return /^.*?\.(?= |$)/.exec(doc)?.[0] ?? doc;
}

/** Any text as one word of bash or zsh. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
