/** Paths that a program opens. A group or a device is that of the device which plays it, whatever its number there. */
import type { Topology } from '../../topology.ts';
import { cComment, cString } from './text.ts';

const NODES: ReadonlySet<string> = new Set(['/dev/kvm', '/dev/vfio/vfio', '/dev/iommu', '/dev/null', '/dev/zero']);
/** As the kernel writes them: `03` names nothing. */
const GROUP = /^\/dev\/vfio\/(noiommu-)?(0|[1-9]\d{0,8})$/;
const CDEV = /^\/dev\/vfio\/devices\/vfio(0|[1-9]\d{0,8})$/;

/** A call of the runtime up to its flags; undefined for a path that no program opens. */
export function openedBy(path: string): string | undefined {
  if (NODES.has(path)) return `open_path(${cString(path)}`;
  const group = GROUP.exec(path);
  if (group) return `open_group(${cString(group[1] ?? '')}, ${group[2]}`;
  const cdev = CDEV.exec(path);
  return cdev ? `open_cdev(${cdev[1]}` : undefined;
}

/** What of a machine a program opens, for people. A number that no device of the scenario has opens nothing. */
export function openedNodes(paths: Iterable<string>, { groups, devices }: Topology): string[] {
  const shown = [...paths].flatMap((path) => {
    const group = GROUP.exec(path);
    if (group)
      return groups.some(({ number }) => number === Number(group[2]))
        ? ['the VFIO group of a device that is named']
        : [];
    const cdev = CDEV.exec(path);
    if (cdev) return Number(cdev[1]) < devices.length ? ['the VFIO character device of a device that is named'] : [];
    return [cComment(path)];
  });
  return [...new Set(shown)];
}
