/** The calls of a log that the kernel refused, whether the scenario has them or not. */
import type { Rebuilt } from './rebuild.ts';

export interface RefusedCall {
  /** The path that was opened, or the name of the request. */
  readonly call: string;
  readonly errno: string;
  /** The call as the scenario would have it, with its result. */
  readonly text: string;
}

/** In the order of the log, those that a scenario cannot have last. */
export function refusedCallsOf({ steps, leftOut }: Pick<Rebuilt, 'steps' | 'leftOut'>): RefusedCall[] {
  const texts = [
    ...steps.flatMap(({ text, result }) => (result?.startsWith('-E') ? [`${text} = ${result}`] : [])),
    ...leftOut.map(({ text }) => text),
  ];
  return texts.flatMap((text) => {
    const errno = / = -(E[A-Z0-9]+)$/.exec(text)?.[1];
    const [, path, request, alone] = CALL.exec(text) ?? [];
    const call = path ?? request ?? alone;
    return errno === undefined || call === undefined ? [] : [{ call, errno, text }];
  });
}

/** `open("/dev/kvm", …`, `ioctl(vm, KVM_CREATE_VCPU, …`, or the request alone. */
const CALL = /^(?:\w+ = )?(?:open\("([^"]*)"|ioctl\(\w+, ([A-Z]\w*)|([A-Z]\w*))/;
