import { contentsOfKind } from '../blocks.ts';
import { factByName } from '../facts.ts';
import type { PlacedObjection, ScenarioSubject } from './check.ts';
import { opOfCall } from './expected-values.ts';
import { atomsOf, termsOf } from './terms.ts';

/** `noncoherent(kvm)`: facts about VMs whose name is only ever that of another file, so that they are always 0. */
export function* namesOfNoVm(subject: ScenarioSubject): Generator<PlacedObjection> {
  for (const { line, content } of contentsOfKind(subject.scenario, 'condition')) {
    for (const term of [...atomsOf(content.condition)].flatMap(termsOf)) {
      if (term.kind !== 'call') continue;
      for (const [index, { kind }] of (factByName.get(term.name.text)?.params ?? []).entries()) {
        const arg = term.args[index];
        if (kind !== 'vm' || arg === undefined || !isOtherFile(arg.text, subject)) continue;
        const message = `\`${arg.text}\` is never the name of a VM: KVM_CREATE_VM binds those.`;
        yield { line, span: arg.span, severity: 'warning', message };
      }
    }
  }
}

/** Is every call that binds the name known to make a file that is not a VM? */
function isOtherFile(name: string, { scenario, symbols, definedElsewhere, vocabulary }: ScenarioSubject): boolean {
  const id = `name:${name}`;
  const { definitions = [] } = symbols.all.get(id) ?? {};
  if (definitions.length === 0 || definedElsewhere.has(id)) return false;
  return definitions.every((place) => {
    const call = scenario.lines[place.line]?.content;
    if (call?.kind !== 'syscall') return false;
    // No structure says the descriptor of a VM.
    if (call.bind?.text !== name) return true;
    const op = opOfCall(call, vocabulary);
    // Copies of descriptors may be of a VM.
    return op?.result === 'fd' && op.name !== 'KVM_CREATE_VM' && !/^dup|getfd$/.test(op.name);
  });
}
