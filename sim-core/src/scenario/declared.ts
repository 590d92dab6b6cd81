/**
 * Declared numbers of descriptors: `kvm = open(…) = 9`, `fd=>dev=15`.
 *
 * A real process has files open that a scenario does not show. So a declared number that is free is the one that the
 * call gets, and the lower ones belong to those files; a number that is taken is not what the kernel gives, and then the
 * call gets the lowest free one and the declaration is a finding.
 */
import { opNamed, requestOf } from '../ops/table.ts';
import type { NumberExpr, Syscall, Word } from './ast.ts';

/** Descriptors beyond this number count as plain results: tables of descriptors end there. */
export const MOST_DESCRIPTOR = 4095n;

/** What the call's descriptor is declared to be, as an argument of its statement. */
export function declaredDescriptor(call: Syscall): { readonly descriptor?: number } {
  const number = returnsDescriptor(call) ? call.result?.value : writtenDescriptors(call)[0]?.declared.value;
  return number === undefined || number < 0n || number > MOST_DESCRIPTOR ? {} : { descriptor: Number(number) };
}

/** Descriptors that the kernel writes into a structure, with a declared number. */
export function writtenDescriptors(call: Syscall): { readonly bind: Word; readonly declared: NumberExpr }[] {
  return call.args.flatMap((arg) =>
    arg.kind !== 'struct'
      ? []
      : arg.fields.flatMap(({ value }) =>
          value.kind === 'out' && value.declared && value.bind.text !== 'NULL'
            ? [{ bind: value.bind, declared: value.declared }]
            : [],
        ),
  );
}

function returnsDescriptor(call: Syscall): boolean {
  const op = call.call.text === 'ioctl' ? requestOf(call.args[1])?.op : opNamed('syscall', call.call.text);
  return op?.result === 'fd';
}
