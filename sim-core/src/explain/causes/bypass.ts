/** The end of a chain about a device: its TLP was not snooped, and which bit would have made it so is missing. */
import type { DeviceId } from '../../state/ids.ts';
import { NOTE } from '../../state/machine.ts';
import type { IommuModel } from '../../topology.ts';
import { describeEvent } from '../event-text.ts';
import type { History } from '../history.ts';
import { type Link, noSnoopSource, snoopBehavior } from './link.ts';

/** Why the device's access did not snoop. */
export function bypassLinks(history: History, event: number, device: number, word: number): Link[] {
  const { topology } = history.model.world;
  const model = topology.devices[device];
  const tlp = history.before(event, (code) => code === NOTE.tlp);
  const read = tlp >= 0 ? describeEvent(history.model, history.log, tlp)?.text : undefined;
  const override = whyNotOverridden(history, topology.iommus[model?.iommu ?? -1], history.wordName(word));
  return [
    {
      event: tlp,
      text: `${read ?? 'The device reads'} (${history.placeText(event)}): ${override}.`,
      sources: [noSnoopSource, snoopBehavior],
    },
  ];
}

/** Which bit is missing: what the unit, and its kind of table, would need to turn No Snoop into a snooped access. */
function whyNotOverridden(history: History, unit: IommuModel | undefined, word: string): string {
  if (unit === undefined) return 'no IOMMU translates for the device, so nothing overrides the attribute';
  if (unit.driver === 'vt-d' && history.isFirstStage(unit))
    return `${unit.name} translates by first-level tables, whose entries have no SNP bit, and PGSNP is not set in the device's PASID entry: nothing overrides the attribute`;
  if (unit.driver === 'vt-d' && !unit.snoopControl)
    return `${unit.name} has no snoop control, so its entries cannot carry SNP and nothing overrides the attribute`;
  const bit = overrideBit(history, unit);
  if (bit === undefined)
    return 'no entry of an SMMU overrides the attribute, and this machine does not ignore it (CANWBS)';
  return `the I/O page table entry of ${word} does not carry ${bit}, so nothing overrides the attribute`;
}

/** What an SMMU does with the attribute: no entry overrides it, but the machine may ignore it. */
export function smmuWord(history: History, device: number): string {
  const ignored = history.model.world.iommu.overridesNoSnoop(device as DeviceId, 0);
  return ignored ? 'the machine ignores No Snoop (CANWBS)' : 'no entry of an SMMU overrides No Snoop';
}

/**
 * What overrides the attribute in a unit: a bit of each entry, or one for all entries of a device. Undefined where no bit
 * does.
 */
export function overrideBit(history: History, unit: IommuModel | undefined): 'FC' | 'PGSNP' | 'SNP' | undefined {
  if (unit?.driver === 'amd-vi') return 'FC';
  if (unit?.driver === 'smmu') return undefined;
  return unit?.driver === 'vt-d' && history.isFirstStage(unit) ? 'PGSNP' : 'SNP';
}
