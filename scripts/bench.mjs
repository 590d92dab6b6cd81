// `npm run -s bench -- NAME [OPTIONS]`: runs test/bench/NAME/bench.mjs, prints its tables and, as the last line, one JSON document.
//
// A bench exports `run(options)`, which resolves to { tables, result }: tables for people, each { title, columns, rows },
// and the numbers for machines. It says itself what is missing on the machine and how to get it.
import { existsSync, readdirSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './install.mjs';

const folder = path.join(root, 'test/bench');
const [name, ...options] = process.argv.slice(2);
const file = name && path.join(folder, name, 'bench.mjs');
if (!file || !existsSync(file)) {
  const known = readdirSync(folder).filter((entry) => existsSync(path.join(folder, entry, 'bench.mjs')));
  process.stderr.write(
    `${name ? `There is no bench ${name}.` : 'Which bench?'} Known are ${known.join(', ')}: npm run -s bench -- ${known[0] ?? 'NAME'}\n`,
  );
  process.exit(2);
}

const machine = { cpus: cpus().length, model: cpus()[0]?.model.trim(), load: loadavg()[0], node: process.version };
const { tables, result } = await (await import(pathToFileURL(file))).run(options);
for (const { title, columns, rows, notes = [] } of tables) {
  const cells = [columns, ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  process.stdout.write(`${title}\n`);
  // The first column is what the row is about, the others are numbers.
  for (const row of cells)
    process.stdout.write(
      `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')}\n`,
    );
  for (const note of notes) process.stdout.write(`  ${note}\n`);
  process.stdout.write('\n');
}
process.stdout.write(`${JSON.stringify({ bench: name, machine, ...result })}\n`);
