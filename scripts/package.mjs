// `npm run package`: snoopscope-VERSION.vsix at the top of the repository.
//
// The extension is put together in a folder of its own and packaged from there, so that what is in it is what is listed
// here, and nothing that happens to be in the checkout.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, extensionBundles, isOlderThan, sources } from './build.mjs';
import { node, root } from './install.mjs';
import { absoluteLinks, marketplaceReadme } from './marketplace-readme.mjs';
import { thirdPartyNotices } from './notices.mjs';

/** What is copied as it is, besides the bundles and what is generated. */
const copied = [
  'CHANGELOG.md',
  'LICENSE',
  'SECURITY.md',
  'client/vscode/gallery.json',
  'client/vscode/l10n/bundle.l10n.de.json',
  'client/vscode/icons/gallery.svg',
  'client/vscode/icons/icon.png',
  'client/vscode/icons/scenario-dark.svg',
  'client/vscode/icons/scenario-light.svg',
  ...['back', 'compare', 'explore', 'find', 'open'].map((step) => `client/vscode/walkthrough/${step}.webp`),
  'client/vscode/icons/views.svg',
  'package.nls.de.json',
  'package.nls.json',
  'syntaxes/language-configuration.json',
  'syntaxes/snoop.tmLanguage.json',
  'syntaxes/snoopscope.schema.json',
];

/** Documents for users: what hovers and diagnostics cite, and what those refer to. The gallery is a view. */
const documents = [
  'docs/GLOSSARY.md',
  'docs/SOURCES.md',
  'docs/editors.md',
  'docs/explorer.md',
  'docs/fidelity.md',
  'docs/language.md',
  'docs/pictures.md',
  ...readdirSync(path.join(root, 'docs/reference/diagnostics'))
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => `docs/reference/diagnostics/${file}`),
];

/** Fields of package.json that are about the repository, not about the extension. */
const repositoryOnly = ['private', 'workspaces', 'bin', 'files', 'scripts', 'devDependencies', 'allowScripts'];

/**
 * Makes the VSIX and returns its path. Throws with vsce's words when vsce refuses the extension or warns about it.
 *
 * @param {{ to?: string, log?: (said: string) => void }} options The VSIX to write, and who is told what vsce says.
 */
export async function packageExtension({ to, log = () => {} } = {}) {
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const vsix = to ?? path.join(root, `${manifest.name}-${manifest.version}.vsix`);
  const stage = await mkdtemp(path.join(tmpdir(), 'snoopscope-package-'));
  try {
    await fill(stage, manifest);
    const said = await vsce(['package', '--no-dependencies', '--out', vsix], stage);
    log(said);
    if (/\bWARN/.test(said)) throw new Error(`vsce warns about the extension:\n${said}`);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  return vsix;
}

/** dist/snoopscope.vsix, rebuilt first when something that goes into it is newer. Returns its path. */
export async function freshVsix() {
  const vsix = path.join(root, 'dist', 'snoopscope.vsix');
  const places = [...sources, ...copied, ...documents, 'README.md', 'package.json', 'scenarios', 'scripts'];
  if (await isOlderThan([vsix], places)) {
    const started = new Date();
    await mkdir(path.dirname(vsix), { recursive: true });
    const unfinished = await packageExtension({ to: `${vsix}.${process.pid}` });
    // What was saved while it was made counts as newer.
    await utimes(unfinished, started, started);
    await rename(unfinished, vsix);
  }
  return vsix;
}

/** Copies the gallery, without the traces that tests compare with, to `folder`. */
export function copyScenarios(folder) {
  const wanted = (file) => !path.extname(file) || file.endsWith('.snoop');
  return cp(path.join(root, 'scenarios'), folder, { recursive: true, filter: wanted });
}

async function fill(stage, manifest) {
  const read = (file) => readFile(path.join(root, file), 'utf8');
  const write = (file, text) => writeFile(path.join(stage, file), text);
  const bundled = await build(extensionBundles, { minify: true, folder: path.join(stage, 'dist') });
  for (const file of copied) {
    await mkdir(path.dirname(path.join(stage, file)), { recursive: true });
    await cp(path.join(root, file), path.join(stage, file));
  }
  await mkdir(path.join(stage, 'docs/reference/diagnostics'), { recursive: true });
  const isPackaged = (file) => documents.includes(file) || (file.startsWith('scenarios/') && file.endsWith('.snoop'));
  for (const file of documents) await write(file, absoluteLinks(await read(file), file, isPackaged));
  await copyScenarios(path.join(stage, 'scenarios'));
  const packaged = Object.fromEntries(Object.entries(manifest).filter(([field]) => !repositoryOnly.includes(field)));
  await write('package.json', `${JSON.stringify({ ...packaged, files: ['**'] }, null, 2)}\n`);
  await write('README.md', marketplaceReadme(await read('README.md')));
  await write('THIRD-PARTY-NOTICES.txt', await thirdPartyNotices(bundled));
}

async function vsce(args, cwd) {
  const program = path.join(root, 'node_modules/@vscode/vsce/vsce');
  const child = spawn(node, [program, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`vsce failed with exit code ${code}:\n${said}`);
  return said;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await packageExtension({ log: (said) => process.stdout.write(said) }).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
