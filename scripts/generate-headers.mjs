// Writes test/coverage/headers.json: what the kernel headers of Debian's linux-libc-dev say about the names in our tables.
// `npm run generate -- headers`; it needs apt, dpkg-deb and cc. It installs nothing and leaves apt's own lists alone: the lists of
// other Debian suites on the mirror that apt is configured for go to a temporary folder.
//
// The headers are compiled, not parsed: sizes, padding, enumerators and macros that use each other come out as a VMM
// sees them, and a C parser of our own would be one more thing that can be wrong.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CONSTANTS } from '../sim-core/src/ops/constants.ts';
import { LEFT_OUT } from '../sim-core/src/ops/not-modelled.ts';
import { STRUCTS } from '../sim-core/src/ops/structs.ts';
import { IOCTLS } from '../sim-core/src/ops/table.ts';

const PACKAGE = 'linux-libc-dev';
/** Suites that the mirror may have beside those that apt is configured for. */
const SUITES = ['bullseye', 'bookworm', 'bookworm-backports', 'trixie', 'trixie-backports', 'sid'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Requests whose structures are in the headers of POWER only. */
const OF_POWER = new Set(['KVM_CREATE_SPAPR_TCE', 'KVM_CREATE_SPAPR_TCE_64']);
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

/** Options with which apt looks at {@link SUITES} of its Debian mirror; none when it has no such mirror. */
function otherSuites() {
  const mirror = lines('apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages').find((uri) =>
    /\/debian\/?$/.test(uri),
  );
  if (mirror === undefined) return [];
  const apt = path.join(temporary, 'apt');
  for (const folder of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(path.join(apt, folder), { recursive: true });
  const signed = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
  const list = path.join(apt, 'sources.list');
  writeFileSync(list, SUITES.map((suite) => `deb ${signed}${mirror} ${suite} main\n`).join(''));
  const options = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': path.join(apt, 'none'),
    'Dir::State': path.join(apt, 'state'),
    'Dir::Cache': path.join(apt, 'cache'),
    'Acquire::Languages': 'none',
    'Acquire::Retries': '0',
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

/** One package for each version that the suites have, and the suites that yield none. */
function download() {
  const options = otherSuites();
  // A suite that the mirror does not have makes the whole call fail; the others are there all the same.
  if (options.length > 0) spawnSync('apt-get', [...options, 'update'], { encoding: 'utf8' });
  const offers = lines('apt-cache', ...options, 'madison', PACKAGE).map((line) => {
    const [, version, source] = line.split('|').map((part) => part.trim());
    return { version, suite: source.split(' ')[1].split('/')[0] };
  });
  const without = SUITES.filter((suite) => !offers.some((offer) => offer.suite === suite)).map((suite) => ({
    suite,
    reason: `the mirror has no ${PACKAGE} in it`,
  }));
  const packages = [];
  // A suite keeps older versions for a while: the first that apt lists is the newest.
  const newest = offers.filter(({ suite }, i) => offers.findIndex((other) => other.suite === suite) === i);
  for (const { version, suite } of newest) {
    const known = packages.find((other) => other.version === version);
    if (known) {
      known.suites.push(suite);
      continue;
    }
    const folder = path.join(temporary, String(packages.length));
    execFileSync('mkdir', ['-m', '777', folder]);
    const got = spawnSync('apt-get', [...options, 'download', `${PACKAGE}=${version}`], {
      cwd: folder,
      encoding: 'utf8',
    });
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
  // Packages for all architectures keep what differs between them outside of the include folder.
  const folders = [path.join(include, 'x86_64-linux-gnu'), path.join(include, '../lib/linux/uapi/x86')];
  const asm = folders.find((folder) => existsSync(path.join(folder, 'asm/kvm.h'))) ?? include;
  const flags = ['-nostdinc', '-I', include, '-I', asm];
  const plain = compile(['-E', '-P', ...flags], source);
  const known = new Set(`${plain}\n${compile(['-E', '-dM', ...flags], source)}`.match(/\w+/g));
  const leftOut = LEFT_OUT.flatMap(({ requests, constants }) => [...requests, ...constants.map(([name]) => name)]);
  const values = named([...IOCTLS, ...CONSTANTS].map(({ name }) => name).concat(leftOut), known);
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
  return [...new Set(names)]
    .filter((name) => /^(KVM|VFIO|IOMMU)_/.test(name) && known.has(name) && !OF_POWER.has(name))
    .sort();
}

function compile(flags, input) {
  return execFileSync('cc', ['-x', 'c', ...flags, '-'], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
}

function lines(program, ...words) {
  return execFileSync(program, words, { encoding: 'utf8' }).split('\n').filter(Boolean);
}
