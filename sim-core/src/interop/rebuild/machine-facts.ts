/** What is known of the machine that a log comes from. A field that no file says is absent. */

export interface MachineFacts {
  readonly vendor?: 'intel' | 'amd';
  readonly cpus?: number;
  readonly selfSnoop?: boolean;
  /** `6.1.0-56-amd64`, and what is beside it (`Debian 6.1.192-2`). */
  readonly release?: string;
  readonly build?: string;
  readonly units: readonly UnitFacts[];
  readonly devices: readonly DeviceFacts[];
  /** Device nodes that exist, where a listing shows them. */
  readonly nodes?: readonly string[];
  /** Is any IOMMU in use? */
  readonly iommu?: boolean;
}

export interface UnitFacts {
  readonly name: string;
  readonly driver: 'vt-d' | 'amd-vi' | 'smmu';
  readonly snoopControl?: boolean;
  /** Where it was read, for the report. */
  readonly source?: string;
}

export interface DeviceFacts {
  readonly bdf: string;
  /** `Red Hat, Inc. QEMU …`, `8086:10d3`. */
  readonly title?: string;
  readonly group?: string;
  /** The driver that is bound to it; `none` when there is none. */
  readonly driver?: string;
  /** Enable No Snoop of its Device Control register. */
  readonly noSnoop?: boolean;
  readonly unit?: string;
  /** Its device node in /dev/vfio/devices: `vfio0`. */
  readonly cdev?: string;
  /** A bridge, which VFIO never needs bound. */
  readonly bridge?: boolean;
}

export const NO_FACTS: MachineFacts = { units: [], devices: [] };

/** An IOMMU unit by its name in sysfs, of which nothing else is known. */
export function unitNamed(name: string): UnitFacts {
  return { name, driver: name.startsWith('ivhd') ? 'amd-vi' : name.startsWith('smmu') ? 'smmu' : 'vt-d' };
}

/** Functions of a group. */
export function groupDevices(facts: MachineFacts, group: string): readonly DeviceFacts[] {
  return facts.devices.filter((device) => device.group === group);
}

/** Two sets of facts of one machine; the second fills in what the first does not say. */
export function mergeFacts(first: MachineFacts, second: MachineFacts): MachineFacts {
  const devices = new Map<string, DeviceFacts>();
  for (const device of [...second.devices, ...first.devices])
    devices.set(device.bdf, { ...devices.get(device.bdf), ...device });
  const units = new Map<string, UnitFacts>();
  for (const unit of [...second.units, ...first.units]) units.set(unit.name, { ...units.get(unit.name), ...unit });
  return {
    ...second,
    ...first,
    units: [...units.values()],
    devices: [...devices.values()].sort((a, b) => a.bdf.localeCompare(b.bdf)),
  };
}
