/** The completion script for fish. */
import type { Command, CommandOption, ShellOffer } from '../commands/command.ts';
import { firstSentence, OPTIONS_WITHOUT_COMMAND, offerOf, operandsOf, optionsOf } from './shell-offers.ts';

export function fishScript(commands: readonly Command[]): string {
  return [
    FUNCTIONS,
    'complete -c snoopscope -f',
    ...OPTIONS_WITHOUT_COMMAND.map(
      ([option, doc]) => `complete -c snoopscope -n __snoopscope_first -l ${option.slice(2)} -d ${word(doc)}`,
    ),
    ...commands.map(
      ({ name, summary }) => `complete -c snoopscope -n __snoopscope_first -a ${name} -d ${word(summary)}`,
    ),
    ...commands.flatMap((command) => ['', ...optionLines(command), ...operandLines(command)]),
    '',
  ].join('\n');
}

const FUNCTIONS = `# Completion of snoopscope for fish, written by \`snoopscope completion fish\`.

# Is the command itself about to be typed?
function __snoopscope_first
    test (count (commandline -opc)) -eq 1
end

# Is the command $argv[1]?
function __snoopscope_in
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end

# Is operand number $argv[2] to $argv[3] of the command $argv[1] about to be typed? The other arguments are the options
# that take the next word as their value.
function __snoopscope_operand
    __snoopscope_in $argv[1]; or return 1
    set -l words (commandline -opc)
    set -e words[1..2]
    set -l number 0
    set -l value no
    for word in $words
        if test $value = yes
            set value no
        else if contains -- $word $argv[4..]
            set value yes
        else if not string match -q -- '-?*' $word
            set number (math $number + 1)
        end
    end
    test $number -ge $argv[2]; and test $number -le $argv[3]
end

# Words for a list with commas, without those that are in the list.
function __snoopscope_list
    set -l typed (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
    set -l before (string match -r -- '^.*,' $typed)
    for word in $argv
        contains -- $word (string split , -- "$before"); or echo "$before$word"
    end
end
`;

function optionLines(command: Command): string[] {
  return optionsOf(command).map((spec) => {
    const doc = word(firstSentence(spec.doc));
    return `complete -c snoopscope -n '__snoopscope_in ${command.name}' ${flags(spec)} -d ${doc}`;
  });
}

function flags(spec: CommandOption): string {
  const offer = offerOf(spec);
  const letter = spec.short ? `-s ${spec.short} ` : '';
  // -F would be at odds with -x, which switches file names off.
  const value =
    offer && 'files' in offer && offer.files.length === 0 ? ' -r -F' : ` -x${offer ? ` ${words(offer)}` : ''}`;
  return `${letter}-l ${spec.name}${spec.value ? value : ''}`;
}

function operandLines(command: Command): string[] {
  const valued = optionsOf(command).flatMap(({ name, value }) => (value ? [` --${name}`] : []));
  return operandsOf(command).map(({ offer, from, to }) => {
    const last = Number.isFinite(to) ? to : 1_000_000;
    const condition = `__snoopscope_operand ${command.name} ${from} ${last}${valued.join('')}`;
    return `complete -c snoopscope -n '${condition}' ${words(offer)}`;
  });
}

function words(offer: ShellOffer): string {
  if ('words' in offer) return `-a ${word(offer.words().join(' '))}`;
  if ('list' in offer) return `-a ${word(`(__snoopscope_list ${offer.list().join(' ')})`)}`;
  if (offer.files.length === 0) return '-F';
  return `-k -a ${word(`(${offer.files.map((suffix) => `__fish_complete_suffix ${suffix}`).join('; ')})`)}`;
}

/** fish reads backslashes between single quotes. */
function word(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
