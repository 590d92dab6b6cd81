// node test/interop/try-folder.ts FOLDER: every log of a folder, alone and together with the kernel's log of the same run,
// beside what its scenario does. The table is for people; what must hold for the logs in test/interop/logs is in
// rebuild.test.ts.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { take, textOf } from './rebuilt.ts';

const [folder = path.join(import.meta.dirname, 'logs')] = process.argv.slice(2);
const files = readdirSync(folder);
const ABOUT = /-(?:lspci-vvv|lspci-nnk|sys-class-iommu|dev-nodes|uname|cpuinfo)\.txt(?:\.gz)?$/;
const logs = files.filter((file) => /\.(?:log|report|ftrace|ftrace-all)\.txt(?:\.gz)?$/.test(file));
const machineOf = (file: string): string => /^.*-q[\d.]+/.exec(file)?.[0] ?? file;
const stem = (file: string): string => file.replace(/\.(?:log|report|ftrace|ftrace-all)\.txt(?:\.gz)?$/, '');

let differing = 0;
for (const log of logs) {
  const partner = /\.ftrace/.test(log)
    ? undefined
    : logs.find((other) => /\.ftrace/.test(other) && stem(other) === stem(log));
  for (const job of partner === undefined ? [[log]] : [[log], [log, partner]]) {
    const about = files.filter((file) => ABOUT.test(file) && machineOf(file) === machineOf(log));
    const { rebuilt, result } = take(
      job.map((name) => ({ name, text: textOf(path.join(folder, name)) })),
      about.map((name) => textOf(path.join(folder, name))),
    );
    const { outcome } = result;
    const kernel = (rebuilt.deeds ?? []).flatMap((deed) =>
      deed.kind === 'register' || deed.kind === 'unregister' ? [deed.count] : [],
    );
    const exits = (rebuilt.deeds ?? []).filter(({ kind }) => kind === 'wbinvd').length;
    const executed = (rebuilt.deeds ?? []).filter((deed) => deed.kind === 'wbinvd' && deed.flushed.length > 0).length;
    const unread = rebuilt.files.reduce((sum, { counts }) => sum + counts.unread, 0);
    console.log(
      [
        job.join(' + '),
        outcome.profile.name,
        `${rebuilt.steps.length} statements`,
        `unread ${unread}`,
        `unknown ${[...rebuilt.translation.unknown.keys()].join(' ') || 0}`,
        `left out ${rebuilt.leftOut.length}`,
        `registrations ${kernel.join(' ') || '-'} / ${outcome.registrations.join(' ') || '-'}`,
        `WBINVD ${exits} (${executed}) / ${outcome.wbinvds.length} (${outcome.wbinvds.filter((cpus) => cpus.length > 0).length})`,
        `differences ${outcome.differences.length}`,
      ].join(' | '),
    );
    for (const { message, line } of outcome.diagnostics) console.log(`    line ${line + 1}: ${message}`);
    for (const { line, text, kernel: said, profile } of outcome.differences)
      console.log(`    ${line ?? ''} ${text}: log ${said}, profile ${profile}`);
    if (outcome.differences.length > 0 || !outcome.model) differing++;
  }
}
console.log(`${differing} with differences`);
