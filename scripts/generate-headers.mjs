// Writes test/coverage/headers.json: what the kernel headers of Debian's linux-libc-dev say about the names in our tables.
// `npm run generate -- headers`; it needs apt, dpkg-deb and cc. It installs nothing and reads the package lists that apt
// has: run `apt-get update` first for the newest.
//
// The headers are compiled, not parsed: sizes, padding, enumerators and macros that use each other come out as a VMM
// sees them, and a C parser of our own would be one more thing that can be wrong.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CONSTANTS } from '../sim-core/src/ops/constants.ts';
import { STRUCTS } from '../sim-core/src/ops/structs.ts';
import { IOCTLS } from '../sim-core/src/ops/table.ts';

const PACKAGE = 'linux-libc-dev';
const HEADERS = ['linux/kvm.h', 'linux/vfio.h', 'linux/iommufd.h'];
const output = new URL('../test/coverage/headers.json', import.meta.url);
const temporary = mkdtempSync(path.join(tmpdir(), 'snoopscope-headers-'));
try {
  // apt downloads as its own user, which has to reach the folder.
  chmodSync(temporary, 0o755);
  const { packages, without } = download();
  if (packages.length === 0)
    throw new Error(`apt offers no ${PACKAGE}: run \`apt-get update\`, or add a Debian suite.`);
  const text = JSON.stringify({ packages: packages.map(extract), without }, undefined, 1);
  // One structure or name a line.
  writeFileSync(output, `${text.replace(/\[\s+("\w+"),\s+(\d+),\s+(\d+)\s+\]/g, '[$1, $2, $3]')}\n`);
} finally {
  rmSync(temporary, { recursive: true });
}

/** One package for each version that the suites of apt's configuration have, and the suites that yield none. */
function download() {
  const targets = lines('apt-get', 'indextargets', '--format', '$(SITE) $(RELEASE)', 'Created-By: Packages');
  const suites = [...new Set(targets.map((line) => line.split(' ').at(-1)))].sort();
  const offers = lines('apt-cache', 'madison', PACKAGE).map((line) => {
    const [, version, source] = line.split('|').map((part) => part.trim());
    return { version, suite: source.split(' ')[1].split('/')[0] };
  });
  const without = suites
    .filter((suite) => !offers.some((offer) => offer.suite === suite))
    .map((suite) => ({ suite, reason: `apt lists no ${PACKAGE} in it` }));
  const packages = [];
  for (const { version, suite } of offers) {
    const known = packages.find((other) => other.version === version);
    if (known) {
      known.suites.push(suite);
      continue;
    }
    const folder = path.join(temporary, String(packages.length));
    execFileSync('mkdir', ['-m', '777', folder]);
    const got = spawnSync('apt-get', ['download', `${PACKAGE}=${version}`], { cwd: folder, encoding: 'utf8' });
    const file = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (got.status !== 0 || file === undefined) {
      without.push({ suite, reason: `${PACKAGE} ${version} could not be downloaded` });
      process.stderr.write(got.stderr);
      continue;
    }
    execFileSync('dpkg-deb', ['-x', path.join(folder, file), path.join(folder, 'root')]);
    packages.push({ version, suites: [suite], include: path.join(folder, 'root/usr/include') });
  }
  for (const { suite, reason } of without) process.stdout.write(`not from ${suite}: ${reason}\n`);
  return { packages, without };
}

function extract({ version, suites, include }) {
  const headers = HEADERS.filter((header) => existsSync(path.join(include, header)));
  const source = headers.map((header) => `#include <${header}>\n`).join('');
  const asm = readdirSync(include).find((name) => existsSync(path.join(include, name, 'asm/kvm.h'))) ?? '';
  const flags = ['-nostdinc', '-I', include, '-I', path.join(include, asm)];
  const plain = compile(['-E', '-P', ...flags], source);
  const known = new Set(`${plain}\n${compile(['-E', '-dM', ...flags], source)}`.match(/\w+/g));
  const values = named(IOCTLS.map((op) => op.name).concat(CONSTANTS.map((constant) => constant.name)), known);
  const structs = STRUCTS.map(({ name }) => [name, members(plain, name)]).filter(([, fields]) => fields.length > 0);
  const rows = [
    ...values.map((name) => `  printf("v ${name} %lld\\n", (long long)(${name}));`),
    ...structs.flatMap(([struct, fields]) => [
      `  printf("s ${struct} %zu\\n", sizeof(struct ${struct}));`,
      ...fields.map(({ field, flexible }) => {
        const size = flexible ? '(__SIZE_TYPE__)0' : `sizeof(((struct ${struct} *)0)->${field})`;
        return `  printf("f ${struct} ${field} %zu %zu\\n", __builtin_offsetof(struct ${struct}, ${field}), ${size});`;
      }),
    ]),
  ];
  const program = path.join(temporary, 'program');
  compile(
    [...flags, '-o', program],
    `${source}int printf(const char *, ...);\nint main(void) {\n${rows.join('\n')}\n}\n`,
  );
  return { version, suites, headers, ...table(lines(program)) };
}

/** Members of a structure in their order; those of anonymous unions and structures too, as C sees them. */
function members(text, struct) {
  const start = new RegExp(`struct ${struct}\\s*\\{`).exec(text);
  if (start === null) return [];
  let depth = 1;
  let end = start.index + start[0].length;
  let body = '';
  for (; depth > 0; end++) {
    if (text[end] === '{') depth++;
    if (text[end] === '}') depth--;
    if (depth > 0) body += text[end];
  }
  // A named union's or structure's own members are not members of the outer one.
  const outer = body.replace(/\{[^{}]*\}\s*(?=\w)/g, ' ');
  return [...outer.matchAll(/(\w+)\s*((?:\[[^\]]*\]\s*)*)(?:__attribute__\s*\(\(.*?\)\)\s*)?[;,]/g)].map(
    ([, field, array]) => ({ field, flexible: /^\[\s*0?\s*\]/.test(array) }),
  );
}

function table(rows) {
  const values = {};
  const structs = {};
  for (const [kind, name, ...rest] of rows.map((row) => row.split(' '))) {
    if (kind === 'v') values[name] = Number(rest[0]);
    if (kind === 's') structs[name] = { size: Number(rest[0]), fields: [] };
    if (kind === 'f') structs[name].fields.push([rest[0], Number(rest[1]), Number(rest[2])]);
  }
  return { values, structs };
}

function named(names, known) {
  return [...new Set(names)].filter((name) => /^(KVM|VFIO|IOMMU)_/.test(name) && known.has(name)).sort();
}

function compile(flags, input) {
  return execFileSync('cc', ['-x', 'c', ...flags, '-'], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
}

function lines(program, ...words) {
  return execFileSync(program, words, { encoding: 'utf8' }).split('\n').filter(Boolean);
}
