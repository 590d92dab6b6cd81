// An initramfs that loads KVM and VFIO, gives the edu devices to vfio-pci, runs programs and powers off.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const MODULES = ['kvm-amd', 'iommufd', 'vfio_iommu_type1', 'vfio-pci'];

/** QEMU's edu device. */
const DEVICE = '0x1234:0x11e8';

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
echo 1 > /proc/sys/kernel/panic
echo "LAB kernel $(uname -r)"
for m in $(cat /modules/order); do insmod /modules/$m || echo "LAB no module $m"; done
for d in /sys/bus/pci/devices/*; do
  [ "$(cat $d/vendor):$(cat $d/device)" = "${DEVICE}" ] || continue
  echo vfio-pci > $d/driver_override
  echo \${d##*/} > /sys/bus/pci/drivers/vfio-pci/bind
  g=$(readlink $d/iommu_group)
  echo "LAB device \${d##*/} group \${g##*/}"
done
[ -e /dev/kvm ] && echo "LAB kvm"
while sleep 20; do echo "LAB alive"; done &
while read name arguments; do
  echo "LAB begin $name"
  /programs/$name $arguments
  echo "LAB end $name $?"
done < /programs/list
echo "LAB done"
poweroff -f
`;

/**
 * Writes the initramfs for a kernel with programs: `[{ name, file, words }]`.
 *
 * @param {string} kernel folder with the unpacked packages
 * @param {string} release as `uname -r` says
 */
export function makeInitramfs(kernel, release, programs, output) {
  const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-initramfs-'));
  try {
    for (const name of ['bin', 'modules', 'programs', 'proc', 'sys', 'dev', 'tmp']) mkdirSync(path.join(folder, name));
    copyFileSync('/bin/busybox', path.join(folder, 'bin/busybox'));
    writeFileSync(path.join(folder, 'init'), INIT, { mode: 0o755 });
    writeFileSync(
      path.join(folder, 'modules/order'),
      modulesOf(kernel, release, path.join(folder, 'modules')).join('\n'),
    );
    for (const { name, file } of programs) {
      copyFileSync(file, path.join(folder, 'programs', name));
      chmodSync(path.join(folder, 'programs', name), 0o755);
    }
    writeFileSync(
      path.join(folder, 'programs/list'),
      programs.map(({ name, words }) => `${name} ${words.join(' ')}\n`).join(''),
    );
    execFileSync('sh', ['-c', 'find . | cpio -o -H newc --quiet | gzip -1 > "$0"', output], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Copies the modules and what they need, unpacked; returns their names in the order to load them. */
function modulesOf(kernel, release, to) {
  const lib = path.join(kernel, 'lib');
  if (!existsSync(path.join(lib, 'modules'))) {
    mkdirSync(lib, { recursive: true });
    symlinkSync('../usr/lib/modules', path.join(lib, 'modules'));
  }
  if (!existsSync(path.join(lib, 'modules', release, 'modules.dep'))) execFileSync('depmod', ['-b', kernel, release]);
  const files = new Set();
  for (const name of MODULES) {
    // A kernel may have no iommufd.
    const said = quiet('modprobe', ['-d', kernel, '-S', release, '--show-depends', name]);
    for (const [, file] of said.matchAll(/^insmod (\S+)/gm)) files.add(file);
  }
  return [...files].map((file) => {
    const name = path.basename(file).replace(/\.(?:xz|zst|gz)$/, '');
    const unpack = { '.xz': 'xz -dc', '.zst': 'zstd -qdc', '.gz': 'gzip -dc' }[path.extname(file)] ?? 'cat';
    execFileSync('sh', ['-c', `${unpack} "$0" > "$1"`, file, path.join(to, name)]);
    return name;
  });
}

function quiet(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

/** The kernel's image in its folder. */
export function imageOf(kernel, release) {
  const places = [
    path.join(kernel, 'boot', `vmlinuz-${release}`),
    path.join(kernel, 'usr/lib/modules', release, 'vmlinuz'),
  ];
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error(`no kernel image in ${readdirSync(kernel).join(', ')}`);
  return found;
}
