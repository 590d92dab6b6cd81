/** What a name is made of: a descriptor of a device leads to the device, that to its IOMMU; a vCPU or VM to the call that makes it. */
import { contentsOfKind, type LineContent, type ScenarioSymbol, type TextPosition } from '@snoopscope/sim-core';
import { familyOf, type IncludedFile, type Location, type Snapshot } from '../snapshot.ts';
import { definitionsOf, fileKindOf } from './names.ts';
import { symbolAt } from './references.ts';

export function typeDefinitionAt(snapshot: Snapshot, at: TextPosition): readonly Location[] {
  const symbol = symbolAt(snapshot, at);
  return symbol === undefined ? [] : (TYPES[symbol.space]?.(snapshot, symbol) ?? []);
}

type Lookup = (snapshot: Snapshot, symbol: ScenarioSymbol) => Location[];

const TYPES: Readonly<Partial<Record<ScenarioSymbol['space'], Lookup>>> = {
  name: (snapshot, symbol) => {
    const kind = fileKindOf(snapshot, symbol.name);
    if (kind !== 'group' && kind !== 'device') return [];
    const texts = definitionsOf(snapshot, symbol).map(({ file, line }) => file.scenario.lines[line]?.text ?? '');
    return items(snapshot, 'device', ({ bdf, options }) =>
      texts.some((text) => {
        const group = options.find(({ key }) => key.text === 'group')?.value.text;
        return text.includes(`"${bdf.text}"`) || (group !== undefined && text.includes(`/dev/vfio/${group}"`));
      }),
    );
  },
  actor: (snapshot, symbol) =>
    iommusOf(snapshot, ({ name }) => name.text === symbol.name).concat(madeBy(snapshot, symbol.name)),
  register: (snapshot, symbol) => items(snapshot, 'device', ({ name }) => symbol.name.startsWith(`${name.text}.`)),
};

type Item<Kind extends LineContent['kind']> = LineContent & { kind: Kind };

function items<Kind extends 'device' | 'iommu'>(
  snapshot: Snapshot,
  kind: Kind,
  wanted: (item: Item<Kind>) => boolean,
): Location[] {
  return familyOf(snapshot).flatMap((file: IncludedFile) =>
    contentsOfKind(file.scenario, kind).flatMap(({ line, content }) =>
      wanted(content) ? [{ uri: file.uri, line, ...(content as Item<'device' | 'iommu'>).name.span }] : [],
    ),
  );
}

/** The IOMMUs of some devices. */
function iommusOf(snapshot: Snapshot, wanted: (device: Item<'device'>) => boolean): Location[] {
  const names = familyOf(snapshot).flatMap(({ scenario }) =>
    contentsOfKind(scenario, 'device').flatMap(({ content }) =>
      wanted(content) ? content.options.filter(({ key }) => key.text === 'iommu').map(({ value }) => value.text) : [],
    ),
  );
  return items(snapshot, 'iommu', ({ name }) => names.includes(name.text));
}

/** KVM_CREATE_VCPU with the number of a vCPU. */
function madeBy(snapshot: Snapshot, name: string): Location[] {
  const number = /vcpu(\d+)$/.exec(name)?.[1];
  if (number === undefined) return [];
  return familyOf(snapshot).flatMap(({ uri, scenario }) =>
    contentsOfKind(scenario, 'syscall').flatMap(({ line, content: { args } }) => {
      const [, request, id] = args;
      const makes = request?.kind === 'name' && request.name === 'KVM_CREATE_VCPU';
      return makes && id?.kind === 'number' && id.text === number ? [{ uri, line, ...request.span }] : [];
    }),
  );
}
