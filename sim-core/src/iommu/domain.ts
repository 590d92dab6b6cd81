/**
 * Domains: which devices use one, what it maps, and whether it forces snooping.
 *
 * "Forces snooping" has had these rules for VT-d:
 * - up to v3.16: every unit that the domain uses has snoop control; vacuously true before the first device. An entry gets
 *   SNP if the caller asks for IOMMU_CACHE and the rule holds when it is mapped.
 * - v3.17..v5.18: every active unit of the machine has snoop control. SNP as before.
 * - v5.19 and later: the domain is asked to enforce coherency, once and for good; it can if all devices attached at that
 *   time are behind units with snoop control (v6.7: and nothing is mapped yet). Later entries get SNP, or the devices get
 *   PGSNP. A device behind a unit without snoop control can then no longer be attached to second-stage tables.
 *
 * First-stage tables (option `first-stage`) have no SNP; PGSNP of the device does its work. VFIO's domains have used them
 * since v5.6, up to v6.12 only where every VT-d unit of the machine can. Up to v5.12 PGSNP was never set, though the driver claimed coherency; up to v5.18 it was always set, whatever the
 * unit's snoop control says; then it follows the operation. A domain takes devices of its own stage only.
 *
 * AMD's v2 page tables (option `page-table=v2`, or IOMMU_HWPT_ALLOC_PASID) have no FC bit. The driver answers that it
 * enforces coherency all the same.
 *
 * SMMU: IOMMU_CACHE makes the attribute of an entry write-back, and No Snoop still wins over that: no entry overrides it.
 * Where the machine ignores No Snoop (CANWBS, option `write-back-snoop`), it does so on every kernel; v6.13 began to ask.
 */
import type { Routine } from '../engine/routine.ts';
import type { ChangeId } from '../kernel/changes.ts';
import { E, type Errno } from '../kernel/errno.ts';
import { tooManyAtOnce } from '../limits.ts';
import { type DeviceId, type DomainId, idAt, type None, type PageId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { IommuModel } from '../topology.ts';
import type { WorldBase } from '../world.ts';
import { IOPTE } from './iopte.ts';

export interface Domains {
  readonly deviceDomain: Field;
  readonly iopte: Field;
  /** Per device: PGSNP is set in its PASID entry. */
  readonly pageSnoop: Field;
  /** Per domain: its owner + 1 (a number that the part above chooses), or 0 when it does not exist. */
  readonly domainOwner: Field;
  /** Per domain: 1 when its mappings are coherent: up to v5.18 `prot & IOMMU_CACHE`, then `enforce_cache_coherency`. */
  readonly domainCoherent: Field;
  /** Per domain: index into `topology.iommus` + 1 of the unit it was allocated for: whose driver's operations it has. */
  readonly domainUnit: Field;
  /** Per domain: 1 since the first mapping. */
  readonly domainMapped: Field;
  /** Per domain: 1 when its tables are AMD's v2 tables. */
  readonly domainV2: Field;
  /** iommu_domain_alloc() for a device; `pasid` is IOMMU_HWPT_ALLOC_PASID. Throws when the pool is exhausted. */
  alloc(machine: Machine, owner: number, unit: number, pasid?: boolean): DomainId;
  /** Do two domains have the same operations and kind of tables, so that one may do for the other's devices? */
  sameKind(machine: Machine, one: DomainId, other: DomainId): boolean;
  /** May a domain of this unit be made with IOMMU_HWPT_ALLOC_PASID? */
  supportsPasid(unit: number): boolean;
  free(machine: Machine, domain: DomainId): void;
  /** iommu_attach_device(): 0 or -errno. */
  attach(machine: Machine, domain: DomainId, device: DeviceId): number;
  /** The device goes back to the host's own domain. */
  detach(machine: Machine, device: DeviceId): void;
  /** Domains with an owner, ascending. */
  domainsOf(machine: Machine, owner: number): DomainId[];
  /** Devices attached to a domain, ascending. */
  devicesOf(machine: Pick<Machine, 'state'>, domain: DomainId): DeviceId[];
  /**
   * Does hardware turn the No Snoop of a device's access at this entry into a snooped one? By what the entry (with PGSNP)
   * has, and by what the machine does: never by what a driver answers.
   */
  overridesNoSnoop(device: DeviceId, entry: number): boolean;
  /** IOMMU_CAP_CACHE_COHERENCY as type1 asked for it up to v5.18: of the domain, or of the bus. */
  cacheCoherencyCapability(machine: Machine, domain: DomainId): boolean;
  /** IOMMU_CAP_ENFORCE_CACHE_COHERENCY of a device, v6.2 and later. */
  enforceCapability(device: DeviceId): boolean;
  /** The driver's enforce_cache_coherency operation for a domain, or undefined. Returns 1 or 0. */
  enforceRoutine(machine: Machine, domain: DomainId): Routine<[domain: DomainId]> | undefined;
  /** The same in one step, for callers that hold locks over it. */
  enforce(machine: Machine, domain: DomainId): boolean;
  /** Writes one leaf entry. `target` is a page of the scenario or none; `access` are bits of IOPTE. */
  map(machine: Machine, domain: DomainId, iovaPage: PageId, target: PageId | None, access: number): void;
  unmap(machine: Machine, domain: DomainId, iovaPage: PageId): void;
  /** Something is mapped, perhaps at no page of the scenario. */
  markMapped(machine: Machine, domain: DomainId): void;
  /** The first IOVA that a domain of this unit cannot translate. */
  apertureEnd(unit: number): bigint;
  /** The unit can remap interrupts, which VFIO wants. */
  remapsInterrupts(unit: number): boolean;
}

/** VT-d: 4-level second-stage tables. */
const DEFAULT_ADDRESS_BITS = 48;
const ALL_BITS = 64;

/**
 * Does a VT-d unit translate VFIO's domains by first-stage tables (scalable mode), whose entries have no SNP? Up to v6.12 all
 * units do, or none.
 */
export function translatesByFirstStage(
  unit: IommuModel | undefined,
  units: readonly IommuModel[],
  has: (id: ChangeId) => boolean,
): boolean {
  const wants = ({ driver, options }: IommuModel): boolean => driver === 'vt-d' && options.get('first-stage') === 'on';
  if (!unit || !wants(unit) || !has('vtd-first-level')) return false;
  return units.every((one) => one.driver !== 'vt-d' || wants(one)) || has('vtd-stage-by-unit');
}

export function createDomains(base: WorldBase): Domains {
  const { dims, kernel, layout, routines, topology } = base;
  const pages = topology.pages.length;
  const devices = topology.devices.length;
  const deviceNames = [topology.devices.map((d) => d.name)];
  const pageNames = topology.pages.map((p) => p.name);
  const deviceDomain = layout.field('deviceDomain', [devices], { labels: deviceNames });
  const pageSnoop = layout.field('devicePgsnp', [devices], { labels: deviceNames });
  const iopte = layout.field('iopte', [dims.domains, pages], { labels: [undefined, pageNames] });
  const domainOwner = layout.field('domainOwner', [dims.domains]);
  const domainCoherent = layout.field('domainCoherent', [dims.domains]);
  const domainUnit = layout.field('domainUnit', [dims.domains]);
  const domainMapped = layout.field('domainMapped', [dims.domains]);
  const domainV2 = layout.field('domainV2', [dims.domains]);
  const isFirstStage = (unit: IommuModel | undefined): boolean =>
    translatesByFirstStage(unit, topology.iommus, (id) => kernel.has(id));
  /** v5.13..v5.18: PGSNP is set for every first-stage domain, so snoop control of the unit does not matter there. */
  const pageSnoopAlways = (): boolean => kernel.has('first-level-page-snoop');
  const enforces = (): boolean => kernel.has('enforce-cache-coherency');

  const read = (m: Machine, field: Field, index: number): number => m.state[field.base + index]!;
  const unitOfDomain = (m: Machine, domain: DomainId): IommuModel | undefined =>
    topology.iommus[read(m, domainUnit, domain) - 1];
  const unitOfDevice = (device: DeviceId): IommuModel | undefined =>
    topology.iommus[topology.devices[device]?.iommu ?? -1];
  const deviceIds = topology.devices.map((_, device) => device as DeviceId);
  const devicesOf = (m: Pick<Machine, 'state'>, domain: DomainId): DeviceId[] =>
    deviceIds.filter((device) => idAt<DomainId>(m, deviceDomain, device) === domain);

  /** Whether a VT-d domain forces snooping, up to v5.18; see the head of this file. */
  function vtdSnooping(m: Machine, domain: DomainId): boolean {
    if (kernel.has('machine-wide-snoop-control'))
      return topology.iommus.every(
        (unit) => unit.driver !== 'vt-d' || unit.snoopControl || (isFirstStage(unit) && pageSnoopAlways()),
      );
    return devicesOf(m, domain).every((device) => unitOfDevice(device)?.snoopControl !== false);
  }

  /** Can every device that is attached now be made to snoop? */
  function supportsEnforcing(m: Machine, domain: DomainId): boolean {
    return devicesOf(m, domain).every((device) => unitOfDevice(device)?.snoopControl === true);
  }

  function setPageSnoop(m: Machine, domain: DomainId): void {
    for (const device of devicesOf(m, domain)) m.put(pageSnoop.base + device, 1);
  }

  function enforceVtd(m: Machine, domain: DomainId): boolean {
    if (read(m, domainCoherent, domain) !== 0) return true;
    const firstStage = isFirstStage(unitOfDomain(m, domain));
    if (!supportsEnforcing(m, domain)) return false;
    if (kernel.has('enforce-only-empty-domain') && !firstStage && read(m, domainMapped, domain) !== 0) return false;
    if (firstStage) setPageSnoop(m, domain);
    m.put(domainCoherent.base + domain, 1);
    return true;
  }

  function enforce(m: Machine, domain: DomainId): boolean {
    const unit = unitOfDomain(m, domain);
    switch (unit?.driver) {
      case 'vt-d':
        return enforceVtd(m, domain);
      case 'amd-vi':
        m.put(domainCoherent.base + domain, 1);
        return true;
      case 'smmu':
        if (!devicesOf(m, domain).every(writesBackSnooped)) return false;
        m.put(domainCoherent.base + domain, 1);
        return true;
      default:
        return false;
    }
  }

  /** What the machine does, whichever kernel runs on it. linux: arm_smmu_master_canwbs() asks firmware for it. */
  const alwaysSnooped = topology.devices.map(({ options, iommu }) => {
    const unit = topology.iommus[iommu];
    return (
      unit?.driver === 'smmu' && (options.get('write-back-snoop') ?? unit.options.get('write-back-snoop')) === 'on'
    );
  });

  const writesBackSnooped = (device: DeviceId): boolean =>
    kernel.has('smmu-enforce-coherency') && alwaysSnooped[device] === true;

  const enforceSource = 'drivers/iommu/intel/iommu.c';
  const defineEnforce = (name: string, source: string): Routine<[domain: DomainId]> =>
    routines.define(name, source, ['domain: domain'], (r, domain) =>
      r.step('force snooping for the domain', (t) => t.return(enforce(t.machine, domain.of(t)) ? 1 : 0)),
    );
  const byStage = kernel.has('enforce-by-stage');
  const enforceSecond = defineEnforce(`intel_iommu_enforce_cache_coherency${byStage ? '_ss' : ''}`, enforceSource);
  const enforceFirst = byStage ? defineEnforce('intel_iommu_enforce_cache_coherency_fs', enforceSource) : enforceSecond;
  const enforceAmd = defineEnforce('amd_iommu_enforce_cache_coherency', 'drivers/iommu/amd/iommu.c');
  const enforceSmmu = defineEnforce('arm_smmu_enforce_cache_coherency', 'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c');

  /** The SNP (or FC) bit of an entry that is written now. */
  function snoopBit(m: Machine, domain: DomainId): number {
    const unit = unitOfDomain(m, domain);
    if (unit?.driver === 'amd-vi') return read(m, domainV2, domain) !== 0 ? 0 : IOPTE.snoop;
    if (unit?.driver !== 'vt-d' || isFirstStage(unit) || read(m, domainCoherent, domain) === 0) return 0;
    return enforces() || vtdSnooping(m, domain) ? IOPTE.snoop : 0;
  }

  /** Which tables amd_iommu_domain_alloc_paging_flags() makes. */
  function usesV2(unit: IommuModel | undefined, pasid: boolean): boolean {
    if (unit?.driver !== 'amd-vi') return false;
    return pasid || (unit.options.get('page-table') === 'v2' && kernel.has('amd-v2-for-vfio'));
  }

  const refuse = base.refusals.add(
    {
      otherDriver: [E.INVAL, '{} made by the driver of another kind of IOMMU', 'domain'],
      otherStage: [E.INVAL, '{} with page tables of the other stage', 'domain'],
      otherSmmu: [E.INVAL, '{} made for another SMMU', 'domain'],
      noWriteBackSnoop: [
        E.INVAL,
        'a device that does not write back snooped (CANWBS), and {} enforces coherency',
        'domain',
      ],
      noSnoopControl: [E.INVAL, 'no snoop control in the unit, and {} forces snooping', 'domain'],
    },
    { name: 'iommu_attach_device', source: 'drivers/iommu/iommu.c' },
  );
  const { rmrr: lockedByRmrr } = base.refusals.add(
    { rmrr: [E.PERM, 'a reserved memory region (RMRR) that locks {}', 'device'] },
    { name: 'intel_iommu_attach_device', source: 'drivers/iommu/intel/iommu.c' },
  );

  /** Does a domain take devices of a unit? 0, or -EINVAL. */
  function incompatible(m: Machine, domain: DomainId, device: DeviceId): Errno | 0 {
    const unit = unitOfDevice(device);
    const own = unitOfDomain(m, domain);
    if (unit?.driver !== own?.driver) return refuse.otherDriver(m, domain);
    if (isFirstStage(unit) !== isFirstStage(own)) return refuse.otherStage(m, domain);
    const forces = read(m, domainCoherent, domain) !== 0 && enforces();
    // linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_attach_dev()
    if (unit?.driver === 'smmu') {
      if (unit !== own) return refuse.otherSmmu(m, domain);
      return forces && !writesBackSnooped(device) ? refuse.noWriteBackSnoop(m, domain) : 0;
    }
    // linux: drivers/iommu/intel/iommu.c prepare_domain_attach_device(), later paging_domain_compatible_second_stage():
    // a domain that forces snooping needs units that can; first-stage tables are no longer asked.
    if (!forces || unit?.driver !== 'vt-d' || unit.snoopControl) return 0;
    return isFirstStage(unit) && kernel.has('enforce-by-stage') ? 0 : refuse.noSnoopControl(m, domain);
  }

  return {
    sameKind: (m, one, other) =>
      unitOfDomain(m, one)?.driver === unitOfDomain(m, other)?.driver &&
      isFirstStage(unitOfDomain(m, one)) === isFirstStage(unitOfDomain(m, other)) &&
      read(m, domainV2, one) === read(m, domainV2, other),
    // linux: amd_iommu_domain_alloc_paging_flags(), arm_smmu_domain_alloc_paging_flags(),
    // intel_iommu_domain_alloc_paging_flags().
    supportsPasid(unit) {
      const driver = topology.iommus[unit]?.driver;
      return driver === 'amd-vi' || driver === 'smmu' || (driver === 'vt-d' && kernel.has('vtd-hwpt-pasid'));
    },
    deviceDomain,
    iopte,
    pageSnoop,
    domainOwner,
    domainCoherent,
    domainUnit,
    domainMapped,
    domainV2,
    overridesNoSnoop: (device, entry) => (entry & IOPTE.snoop) !== 0 || alwaysSnooped[device] === true,
    devicesOf,
    enforce,

    alloc(m, owner, unit, pasid = false) {
      for (let domain = 0 as DomainId; domain < dims.domains; domain++) {
        if (read(m, domainOwner, domain) !== 0) continue;
        m.put(domainOwner.base + domain, owner + 1);
        m.put(domainUnit.base + domain, unit + 1);
        if (usesV2(topology.iommus[unit], pasid)) m.put(domainV2.base + domain, 1);
        return domain;
      }
      throw tooManyAtOnce(`the scenario has more than ${dims.domains} IOMMU domains`);
    },

    free(m, domain) {
      for (const field of [domainOwner, domainCoherent, domainUnit, domainMapped, domainV2])
        m.put(field.base + domain, 0);
      for (let page = 0; page < pages; page++) m.put(iopte.base + domain * pages + page, 0);
    },

    attach(m, domain, device) {
      const unit = unitOfDevice(device);
      const errno = incompatible(m, domain, device);
      if (errno !== 0) return errno;
      // linux: drivers/iommu/intel/iommu.c device_is_rmrr_locked(), for domains of VFIO.
      const locked = unit?.driver === 'vt-d' && topology.devices[device]?.options.get('rmrr') === 'on';
      if (locked && kernel.has('rmrr-locked')) return lockedByRmrr(m, device);
      m.put(deviceDomain.base + device, domain + 1);
      const snoops = (): boolean => (enforces() ? read(m, domainCoherent, domain) !== 0 : pageSnoopAlways());
      if (isFirstStage(unit) && snoops()) m.put(pageSnoop.base + device, 1);
      return 0;
    },

    detach(m, device) {
      m.put(deviceDomain.base + device, 0);
      m.put(pageSnoop.base + device, 0);
    },

    domainsOf(m, owner) {
      const all: DomainId[] = [];
      for (let domain = 0 as DomainId; domain < dims.domains; domain++)
        if (read(m, domainOwner, domain) === owner + 1) all.push(domain);
      return all;
    },

    cacheCoherencyCapability(m, domain) {
      const unit = unitOfDomain(m, domain);
      if (unit?.options.get('coherent') === 'off') return false;
      if (unit?.driver === 'vt-d') return vtdSnooping(m, domain);
      return unit?.driver === 'amd-vi' || unit?.driver === 'smmu';
    },

    enforceCapability(device) {
      const unit = unitOfDevice(device);
      if (!unit) return false;
      if (unit.driver === 'vt-d') return unit.snoopControl;
      return unit.driver === 'amd-vi' || (unit.driver === 'smmu' && writesBackSnooped(device));
    },

    enforceRoutine(m, domain) {
      const unit = unitOfDomain(m, domain);
      if (unit?.driver === 'vt-d') return isFirstStage(unit) ? enforceFirst : enforceSecond;
      if (unit?.driver === 'amd-vi') return enforceAmd;
      return unit?.driver === 'smmu' && kernel.has('smmu-enforce-coherency') ? enforceSmmu : undefined;
    },

    map(m, domain, iovaPage, target, access) {
      const entry = access | snoopBit(m, domain) | ((target + 1) << IOPTE.pageShift);
      m.put(iopte.base + domain * pages + iovaPage, entry);
    },

    unmap(m, domain, iovaPage) {
      m.put(iopte.base + domain * pages + iovaPage, 0);
    },

    markMapped: (m, domain) => m.put(domainMapped.base + domain, 1),

    apertureEnd(unit) {
      const model = topology.iommus[unit];
      if (model?.driver === 'amd-vi' && !kernel.has('amd-aperture')) return 1n << BigInt(ALL_BITS);
      return 1n << BigInt(model?.options.get('address-width') ?? DEFAULT_ADDRESS_BITS);
    },

    remapsInterrupts: (unit) => topology.iommus[unit]?.options.get('interrupt-remapping') !== 'off',
  };
}
