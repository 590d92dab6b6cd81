/** The completion script for bash. It needs nothing but bash: bash-completion need not be installed. */
import type { Command, ShellOffer } from '../commands/command.ts';
import { OPTIONS_WITHOUT_COMMAND, offerOf, operandsOf, optionsOf, shellQuoted } from './shell-offers.ts';

export function bashScript(commands: readonly Command[]): string {
  const names = [...commands.map(({ name }) => name), ...OPTIONS_WITHOUT_COMMAND.map(([option]) => option)];
  return `${FUNCTIONS}
_snoopscope() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  local option='' valued='' operands=0 i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _snoopscope_words ${shellQuoted(names.join(' '))}
    return
  fi

  # bash takes --format=json apart into three words.
  if [[ $cur == '=' ]]; then
    option=$previous
    cur=''
  elif [[ $previous == '=' ]]; then
    option=\${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $previous == --* ]]; then
    option=$previous
  fi
  case "$command $option" in
${commands.flatMap(valueCases).join('\n')}
  esac

  if [[ $cur == -* ]]; then
    case $command in
${commands.map(optionCase).join('\n')}
    esac
    return
  fi

  case $command in
${commands.map(valuedCase).join('\n')}
  esac
  for ((i = 2; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -?* ]]; then
      ((operands++))
    elif [[ \${COMP_WORDS[i+1]} == '=' ]]; then
      ((i += 2))
    elif [[ $valued == *" \${COMP_WORDS[i]} "* ]]; then
      ((i++))
    fi
  done
  case "$command $operands" in
${commands.flatMap(operandCases).join('\n')}
  esac
}

complete -F _snoopscope snoopscope
`;
}

const FUNCTIONS = `# Completion of snoopscope for bash, written by \`snoopscope completion bash\`.

# Offers those of the words in $1 that begin with what was typed.
_snoopscope_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

# Offers the words in $1 for a list with commas, without those that are in the list.
_snoopscope_list() {
  local before='' word
  if [[ $cur == *,* ]]; then before=\${cur%,*},; fi
  for word in $1; do
    if [[ ,$before != *,$word,* && $before$word == "$cur"* ]]; then COMPREPLY+=("$before$word"); fi
  done
  compopt -o nospace 2>/dev/null
}

# Offers folders, and files whose names end in one of the arguments.
_snoopscope_files() {
  local name
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(
    compgen -d -- "$cur"
    for name; do compgen -f -X "!*$name" -- "$cur"; done
  )
  # Where nothing is found, a quoted name may be meant, which bash itself completes.
  compopt -o filenames -o default 2>/dev/null
}
`;

/** An option that takes a value offers what fits, and nothing else. */
function valueCases(command: Command): string[] {
  return optionsOf(command)
    .filter(({ value }) => value)
    .map((spec) => {
      const offer = offerOf(spec);
      return `    ${shellQuoted(`${command.name} --${spec.name}`)}) ${offer ? `${call(offer)}; ` : ''}return ;;`;
    });
}

function optionCase(command: Command): string {
  const words = optionsOf(command).flatMap(({ name, short }) => [`--${name}`, ...(short ? [`-${short}`] : [])]);
  return `      ${command.name}) _snoopscope_words ${shellQuoted(words.join(' '))} ;;`;
}

function valuedCase(command: Command): string {
  const words = optionsOf(command).flatMap(({ name, value }) => (value ? [`--${name}`] : []));
  return `    ${command.name}) valued=${shellQuoted(` ${words.join(' ')} `)} ;;`;
}

function operandCases(command: Command): string[] {
  return operandsOf(command).map(({ offer, from, to }) => {
    // Patterns: `*` after the single ones takes all that follow.
    const position = to > from ? `"${command.name} "*` : `"${command.name} ${from}"`;
    return `    ${position}) ${call(offer)} ;;`;
  });
}

function call(offer: ShellOffer): string {
  if ('words' in offer) return `_snoopscope_words ${shellQuoted(offer.words().join(' '))}`;
  if ('list' in offer) return `_snoopscope_list ${shellQuoted(offer.list().join(' '))}`;
  return `_snoopscope_files ${(offer.files.length === 0 ? [''] : offer.files).map(shellQuoted).join(' ')}`;
}
