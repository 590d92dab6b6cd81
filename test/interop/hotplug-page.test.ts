// docs/hotplug.md from its strace to the two findings: its text blocks are what the commands print. (Its console blocks
// are those of test/tidy/documents.test.ts.)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { root, snoopscope } from '../cli/command.ts';
import { firstDifference } from '../tidy/console-blocks.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-hotplug-'));
afterAll(() => rmSync(folder, { recursive: true }));

const page = readFileSync(path.join(root, 'docs/hotplug.md'), 'utf8');
const [refusedReport, messageReport, findings] = blocks('text');
const [edit] = blocks('diff');
const logs = path.join(root, 'test/interop/logs/k6.1.192-intel-snoop-off-q7.2.22-');
const machine = [`${logs}sys-class-iommu.txt.gz`, `${logs}uname.txt.gz`];
const refused = put('refused.strace', refusedStrace());

test('the report of the refused ADD names its line', async () => {
  const { stdout } = await snoopscope(['report', refused, ...machine]);
  expectShown(refusedReport!, stdout);
});

test("QEMU's message alone means the same", async () => {
  const said = /The VMM said: (.*)/.exec(messageReport!)![1]!;
  const { stdout } = await snoopscope(['report', put('qemu.stderr', `${said}\n`)]);
  expectShown(messageReport!, stdout);
});

test('the import, edited as the page says, shows both findings', async () => {
  const { stdout } = await snoopscope(['run', put('edited.snoop', await edited())]);
  expectShown(findings!, stdout);
  expect(stdout.match(/^ +(belief|stale-read): /gm)).toHaveLength(2);
});

test('with the ADD put back neither is left', async () => {
  const add = /`(ioctl\(dev, KVM_SET_DEVICE_ATTR, [^`]*addr=\[group8_2\]\}\))`/.exec(page)![1]!;
  const lines = (await edited()).split('\n');
  const container = lines.findIndex((line) => line.includes('ioctl(container_2, VFIO_SET_IOMMU'));
  const mapping = lines.findIndex((line, at) => at > container && line.includes('VFIO_IOMMU_MAP_DMA'));
  expect(mapping).toBeGreaterThan(container);
  lines.splice(mapping, 0, `  ${add}`);
  const text = lines.join('\n').replace(/vmm\*17 vcpu0/, 'vmm*18 vcpu0');
  const { stdout } = await snoopscope(['run', put('mended.snoop', text)]);
  expect(stdout).not.toMatch(/belief|stale-read/);
  expect(stdout).toMatch(/dev_01_00_0: MRd x → 1/);
});

/** The log with the second ADD refused, as the page's call of sed makes it. */
function refusedStrace(): string {
  const [, line, from, to] = /sed '(\d+)s\/(.*)\$\/(.*)\/'/.exec(page)!;
  const lines = gunzipSync(readFileSync(`${logs}strace-f-y-hotplug.log.txt.gz`))
    .toString()
    .split('\n');
  const changed = lines[Number(line) - 1]!;
  expect(changed.endsWith(from!)).toBe(true);
  lines[Number(line) - 1] = `${changed.slice(0, -from!.length)}${to}`;
  return lines.join('\n');
}

/** The imported scenario with the page's diff applied; `-` finds its line below the last one. */
async function edited(): Promise<string> {
  const { stdout } = await snoopscope(['import', refused, ...machine]);
  const lines = stdout.split('\n');
  let at = 0;
  for (const line of edit!.split('\n')) {
    const text = line.slice(1);
    if (line.startsWith('+')) lines.splice(at++, 0, text);
    else {
      at = lines.indexOf(text, at);
      expect(at, text).toBeGreaterThanOrEqual(0);
      lines.splice(at, 1);
    }
  }
  return lines.join('\n');
}

/** Every line of a block is printed, in its order and, but for `…`, one after the other. */
function expectShown(block: string, printed: string): void {
  expect(firstDifference(['…', ...block.split('\n'), '…'], printed.split('\n'))).toBeUndefined();
}

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\\n\`\`\``, 'gs'))].map(([, text]) => text!);
}

function put(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}
