// Boots a kernel under QEMU's own CPU (TCG) with nested SVM, an emulated IOMMU and edu devices.
import { spawn } from 'node:child_process';

/** IOMMUs that QEMU emulates, by the scenario's words. */
export const IOMMUS = {
  'vt-d snoop-control=on': { device: 'intel-iommu,intremap=on,snoop-control=on', words: 'intel_iommu=on' },
  'vt-d snoop-control=off': { device: 'intel-iommu,intremap=on,snoop-control=off', words: 'intel_iommu=on' },
  'amd-vi': { device: 'amd-iommu,intremap=on', words: 'amd_iommu=on' },
};

/** Two devices in groups of their own, and two in one group. */
export const DEVICES = { alone: ['0000:01:00.0', '0000:02:00.0'], together: ['0000:04:01.0', '0000:04:02.0'] };

/** A kernel that lives prints something every 20 seconds; one that a program brings down may never power off. */
const SILENT_SECONDS = 240;

/** Resolves with what the console printed. */
export function boot({ image, initramfs, iommu }) {
  const { device, words } = IOMMUS[iommu];
  const args = [
    ...['-accel', 'tcg,thread=multi', '-machine', 'q35', '-cpu', 'EPYC', '-smp', '2', '-m', '1024'],
    ...['-device', device],
    ...['-device', 'pcie-root-port,id=p1,chassis=1,slot=1,addr=4', '-device', 'edu,bus=p1'],
    ...['-device', 'pcie-root-port,id=p2,chassis=2,slot=2,addr=5', '-device', 'edu,bus=p2'],
    ...['-device', 'pcie-root-port,id=p3,chassis=3,slot=3,addr=6', '-device', 'pcie-pci-bridge,id=b,bus=p3'],
    ...['-device', 'edu,bus=b,addr=1', '-device', 'edu,bus=b,addr=2'],
    ...['-nodefaults', '-nographic', '-no-reboot', '-serial', 'stdio', '-monitor', 'none'],
    ...['-kernel', image, '-initrd', initramfs],
    ...['-append', `console=ttyS0 loglevel=4 panic=-1 no_timer_check ${words} iommu=nopt`],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let console = '';
    let problems = '';
    const limit = setTimeout(() => child.kill('SIGKILL'), SILENT_SECONDS * 1000);
    child.stdout.setEncoding('utf8').on('data', (text) => {
      console += text;
      limit.refresh();
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (problems += text));
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(limit);
      if (console === '') reject(new Error(`QEMU printed nothing: ${problems.trim()}`));
      else resolve(console.replaceAll('\r\n', '\n'));
    });
  });
}

/** What each program printed, by name, and how it ended; a program that brought the kernel down has no exit code. */
export function programOutputs(console) {
  const outputs = new Map();
  let current;
  for (const line of console.split('\n')) {
    if (line === 'LAB alive') continue;
    const begin = /^LAB begin (\S+)/.exec(line);
    const end = /^LAB end (\S+) (\d+)/.exec(line);
    if (begin) {
      current = { text: '', exitCode: undefined };
      outputs.set(begin[1], current);
    } else if (end) {
      const ended = outputs.get(end[1]);
      if (ended) ended.exitCode = Number(end[2]);
      current = undefined;
    } else if (current) current.text += `${line}\n`;
  }
  return outputs;
}
