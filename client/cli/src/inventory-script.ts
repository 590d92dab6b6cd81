/**
 * The script that `snoopscope inventory` prints. It runs on the host of a VM, as any POSIX shell understands it, with
 * coreutils alone; lspci and dmesg are used where they are. `import machine` reads what it prints.
 */
export const INVENTORY_SCRIPT = `#!/bin/sh
# What this machine is, for \`snoopscope import machine\` and \`snoopscope report\`. It reads and changes nothing.
# Run it as root: capabilities of PCI devices and the kernel log are hidden from others.
# Usage: sh inventory.sh > inventory.txt

section() { echo; echo "### $1"; }

section kernel
uname -srv | { read -r name release rest; echo "$name host $release $rest"; }
cat /proc/version 2>&1
cat /proc/cmdline 2>&1
for file in "/boot/config-$(uname -r)" "/lib/modules/$(uname -r)/config"; do
  [ -r "$file" ] && grep -E '^(# )?CONFIG_(KVM|VFIO|IOMMUFD|INTEL_IOMMU|AMD_IOMMU)' "$file"
done

section cpu
cat /proc/cpuinfo 2>&1

section iommu
ls -l /sys/class/iommu 2>&1 | sed '1s,^,/sys/class/iommu:\\n,'
for unit in /sys/class/iommu/*; do
  [ -e "$unit" ] || continue
  for file in "$unit"/intel-iommu/* "$unit"/amd-iommu/*; do
    [ -r "$file" ] && echo "$file: $(cat "$file")"
  done
  echo "$unit/devices:"
  ls -l "$unit/devices" 2>&1
  echo
done
for file in /sys/kernel/iommu_groups/*/devices/*; do
  [ -e "$file" ] && echo "$file"
done
for file in /sys/kernel/iommu_groups/*/type /sys/kernel/iommu_groups/*/reserved_regions; do
  [ -r "$file" ] && sed "s,^,$file: ," "$file"
done

section drivers
for device in /sys/bus/pci/devices/*; do
  [ -e "$device/driver" ] && echo "$device/driver: $(basename "$(readlink -f "$device/driver")")"
done

for node in /sys/bus/pci/devices/*/vfio-dev/*; do
  [ -e "$node" ] && echo "$node"
done

section nodes
ls -l /dev/kvm /dev/iommu 2>&1
for folder in /dev/vfio /dev/vfio/devices; do
  echo; echo "$folder:"; ls -l "$folder" 2>&1
done

section parameters
for file in /sys/module/kvm/parameters/* /sys/module/kvm_*/parameters/* /sys/module/vfio*/parameters/* /sys/module/iommufd/parameters/*; do
  [ -r "$file" ] && echo "$file: $(cat "$file" 2>/dev/null)"
done
ulimit -l

section pci
command -v lspci >/dev/null 2>&1 && lspci -D -vvv -nn 2>/dev/null

section log
command -v dmesg >/dev/null 2>&1 && dmesg 2>/dev/null | grep -E 'Linux version|DMAR|AMD-Vi|iommu|vfio|RLIMIT_MEMLOCK|kvm'
exit 0
`;
