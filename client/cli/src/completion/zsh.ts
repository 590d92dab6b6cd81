/** The completion script for zsh: it can be sourced after compinit, or be a file `_snoopscope` on the fpath. */
import type { Command, CommandOption, ShellOffer } from '../commands/command.ts';
import { firstSentence, OPTIONS_WITHOUT_COMMAND, offerOf, operandsOf, optionsOf, shellQuoted } from './shell-offers.ts';

export function zshScript(commands: readonly Command[]): string {
  return `#compdef snoopscope
# Completion of snoopscope for zsh, written by \`snoopscope completion zsh\`.

_snoopscope() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C \\
${OPTIONS_WITHOUT_COMMAND.map(([option, doc]) => `    ${shellQuoted(`(- *)${option}[${inBrackets(doc)}]`)} \\`).join('\n')}
    '1:command:->command' \\
    '*::argument:->arguments'
  case $state in
    command)
      local -a commands=(
${commands.map(({ name, summary }) => `        ${shellQuoted(`${name}:${summary}`)}`).join('\n')}
      )
      _describe command commands
      ;;
    arguments)
      curcontext="\${curcontext%:*:*}:snoopscope-$words[1]:"
      case $words[1] in
${commands.map(commandCase).join('\n')}
      esac
      ;;
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _snoopscope "$@"
else
  compdef _snoopscope snoopscope
fi
`;
}

function commandCase(command: Command): string {
  const specs = [...optionsOf(command).flatMap(optionSpecs), ...operandSpecs(command)];
  return [
    `        ${command.name})`,
    `          _arguments \\\n${specs.map((spec) => `            ${shellQuoted(spec)}`).join(' \\\n')}`,
    '          ;;',
  ].join('\n');
}

function optionSpecs(spec: CommandOption): string[] {
  const doc = `[${inBrackets(firstSentence(spec.doc))}]`;
  if (!spec.value) return [`--${spec.name}${doc}`, ...(spec.short ? [`-${spec.short}${doc}`] : [])];
  const offer = offerOf(spec);
  return [`--${spec.name}=${doc}:${spec.value}:${offer ? action(offer) : ' '}`];
}

function operandSpecs(command: Command): string[] {
  return operandsOf(command).map(({ name, offer, from, to }) => {
    const position = to > from ? '*' : String(from + 1);
    return `${position}:${name}:${action(offer)}`;
  });
}

function action(offer: ShellOffer): string {
  if ('words' in offer) return `(${offer.words().join(' ')})`;
  if ('list' in offer) return `_sequence compadd - ${offer.list().join(' ')}`;
  if (offer.files.length === 0) return '_files';
  const [only, ...others] = offer.files;
  return `_files -g "*${others.length === 0 ? only : `(${offer.files.join('|')})`}"`;
}

function inBrackets(text: string): string {
  return text.replace(/[[\]\\]/g, '\\$&');
}
