/** `snoopscope kernels`: the profiles there are, and with a name what changed in one. */
import { CHANGES, type Change, type KernelLike, likeText, PROFILES, type Profile } from '@snoopscope/sim-core';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { FORMAT_VERSION } from '../json.ts';
import { askedKernel, askedProfile, kernelsNamedForCall } from '../kernels.ts';
import { wrap } from '../paint.ts';
import { type Command, FORMAT, type Invocation, KERNELS } from './command.ts';

export const kernels: Command = {
  name: 'kernels',
  summary: 'List the kernel profiles, or the changes in one of them.',
  operands: '[KERNEL]',
  minOperands: 0,
  maxOperands: 1,
  operandOffers: [KERNELS],
  description: [
    'A profile is a kernel to simulate: the set of upstream behaviour changes it has. Without an operand, prints every profile with the changes that are new in it; with one, all changes of that kernel.',
  ],
  options: [
    {
      name: 'like',
      value: 'STRING',
      doc: 'Explain which profile a kernel gets: what `uname -r` prints, such as `6.8.0-45-generic`, or a profile with single changes added and removed, such as `v5.14+enforce-cache-coherency~wbinvd-includes-local-cpu`.',
    },
    FORMAT,
  ],
  examples: [
    { line: 'kernels', about: 'Every profile and what is new in it.' },
    { line: 'kernels v5.12', about: 'What the model does as v5.12 does.' },
    {
      line: 'kernels --like "$(uname -r)"',
      about: 'Which profile is nearest to the running kernel, and what is unknown.',
    },
  ],
  async run(call) {
    const [name] = call.operands;
    const string = call.text('like');
    if (string !== undefined) return explain(call, string);
    const shown = name === undefined ? [...PROFILES, ...namedHere(call)] : [askedProfile(call, name)];
    if (call.format === 'json') call.printJson({ format: FORMAT_VERSION, kernels: shown.map(documentOf) });
    else if (name === undefined) printAll(call, shown);
    else printOne(call, shown[0]!);
    return EXIT.fine;
  },
};

function explain(call: Invocation, string: string): ExitCode {
  if (call.operands.length > 0) {
    throw new Failure('--like and KERNEL do not go together: both name a kernel.', {
      code: 'options-exclude-each-other',
    });
  }
  const like = askedKernel(call, string);
  const { kind, exact, profile, unknown, recorded } = like;
  if (call.format === 'json') {
    const nearer = recorded.map(({ name }) => name);
    call.printJson({
      format: FORMAT_VERSION,
      like: { string, kind, exact, ...(unknown !== undefined && { unknown }), recorded: nearer },
      kernels: [documentOf(profile)],
    });
  } else printLike(call, string, like);
  return EXIT.fine;
}

/** What `snoopscope.json` names. */
function namedHere(call: Invocation): Profile[] {
  return [...(kernelsNamedForCall(call) ?? new Map()).keys()].map((name) => askedKernel(call, name).profile);
}

function printLike(call: Invocation, string: string, like: KernelLike): void {
  // What is exactly a profile has the profile's own line.
  const isOwnName = like.exact && string === like.profile.name;
  if (!isOwnName) call.print(wrap(likeText(string, like), call.width, 2, 0));
  if (like.recorded.length > 0) {
    const names = like.recorded.map(({ name }) => name).join(', ');
    call.print(wrap(`Recorded releases of the same series, which may be nearer: ${names}.`, call.width, 2, 0));
  }
  const { profile } = like;
  if (isOwnName) call.print(titleOf(call, profile));
  const present = CHANGES.filter(({ id }) => profile.changes.has(id)).length;
  const had = `It has ${present} of the ${CHANGES.length} changes that the model knows; \`snoopscope kernels ${profile.name}\` lists them.`;
  call.print(wrap(had, call.width, 2, 0));
}

function documentOf(profile: Profile): object {
  return {
    name: profile.name,
    mainline: profile.mainline,
    doc: profile.doc,
    changes: CHANGES.filter(({ id }) => profile.changes.has(id)).map(({ id }) => id),
  };
}

/** Releases in which nothing of the model changed are drawn together: `v3.18`, `v4.3..v4.7`. */
function printAll(call: Invocation, profiles: readonly Profile[]): void {
  let before: Profile | undefined;
  const quiet: string[] = [];
  const flush = (): void => {
    if (quiet.length > 0) call.print(call.paint('faint', `${rangeText(quiet)}: no change`));
    quiet.length = 0;
  };
  for (const profile of profiles) {
    const previous: ReadonlySet<string> = before?.changes ?? new Set();
    const added = CHANGES.filter(({ id }) => profile.changes.has(id) && !previous.has(id));
    const removed = CHANGES.filter(({ id }) => !profile.changes.has(id) && previous.has(id));
    if (profile.mainline && before && added.length + removed.length === 0) quiet.push(profile.name);
    else {
      flush();
      call.print(call.paint('heading', profile.mainline ? profile.name : titleOf(call, profile)));
      if (profile.mainline) for (const change of added) call.print(changeText(call, '+', change));
      if (profile.mainline) for (const change of removed) call.print(changeText(call, '-', change));
    }
    if (profile.mainline) before = profile;
  }
  flush();
  call.print(call.paint('heading', 'In no release, for +CHANGE:'));
  for (const change of CHANGES) if (change.first === undefined) call.print(changeText(call, '+', change));
}

function printOne(call: Invocation, profile: Profile): void {
  call.print(call.paint('heading', titleOf(call, profile)));
  const present = CHANGES.filter(({ id }) => profile.changes.has(id));
  for (const change of present) {
    call.print(changeText(call, ' ', change));
    call.print(`      ${wrap(change.effect, call.width, 6)}`);
    call.print(`      ${call.paint('faint', wrap(change.where, call.width, 6))}`);
    if (change.posted) call.print(`      ${call.paint('faint', change.posted)}`);
  }
  if (present.length === 0) call.print('  none of the changes that the model knows');
}

function titleOf(call: Invocation, { name, doc }: Profile): string {
  return wrap(`${name}: ${doc}`, call.width, 2, 0);
}

function changeText(call: Invocation, sign: string, change: Change): string {
  const commit = change.commit ? ` (${change.commit})` : '';
  const line = wrap(`${change.id}  ${change.subject}${commit}`, call.width, 6, 4);
  return `  ${sign} ${line.replace(change.id, call.paint('name', change.id))}`;
}

function rangeText(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `${names[0]}..${names.at(-1)}`;
}
