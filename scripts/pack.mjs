// `npm run package:npm`: the command as an npm package, snoopscope-VERSION.tgz at the top of the repository.
//
// The root's package.json is the extension's manifest and the workspace's, so the package is put together in a folder of
// its own, with a manifest of its own: the bundles of the command, and no dependencies. A plain `npm pack` works as well;
// it runs `--prepare` first and takes the root's manifest and README as they are.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { root, toolEnvironment } from './install.mjs';
import { thirdPartyNotices } from './notices.mjs';

/** Fields of the root's package.json that are about the command too. */
const shared = ['name', 'version', 'license', 'keywords', 'repository', 'homepage', 'bugs', 'bin'];

const description =
  'Simulator, debugger and model checker for DMA coherency between devices, VFIO, the IOMMU and KVM guests.';

const readme = `# Snoopscope

Does the CPU see what a PCIe device assigned to a KVM guest wrote, and does the device see what the CPU wrote? Snoopscope
simulates VFIO, the IOMMU, KVM, caches and devices for every mainline kernel from v3.12 on, and checks scenarios over all
interleavings.

\`\`\`
npm install --global snoopscope
snoopscope help
snoopscope check scenario.snoop        # judge every condition on each kernel, over all interleavings
snoopscope run scenario.snoop          # print one execution, with the cause of each finding
snoopscope lsp                         # language server, for any editor that speaks LSP
snoopscope dap                         # debug adapter, for any editor that speaks DAP
snoopscope mcp                         # the simulator as tools for assistants (MCP)
source <(snoopscope completion bash)   # also zsh and fish
\`\`\`
`;

/**
 * Makes the package and returns the path of its tarball.
 *
 * @param {string} folder where the tarball goes
 */
export async function packCommand(folder = root) {
  const stage = await mkdtemp(path.join(tmpdir(), 'snoopscope-pack-'));
  try {
    const sources = await build(['cli'], { minify: true, folder: path.join(stage, 'dist') });
    const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
    const kept = Object.fromEntries(Object.entries(manifest).filter(([field]) => shared.includes(field)));
    const packed = { ...kept, description, engines: { node: manifest.engines.node }, files: ['dist', 'docs', '*.txt'] };
    await writeFile(path.join(stage, 'package.json'), `${JSON.stringify(packed, null, 2)}\n`);
    await writeFile(path.join(stage, 'README.md'), readme);
    await writeFile(path.join(stage, 'THIRD-PARTY-NOTICES.txt'), await thirdPartyNotices(sources));
    await cp(path.join(root, 'LICENSE'), path.join(stage, 'LICENSE'));
    const pages = 'docs/reference/diagnostics';
    await cp(path.join(root, pages), path.join(stage, pages), { recursive: true });
    await npm(['pack', '--silent', '--offline', '--pack-destination', path.resolve(folder)], stage);
    return path.resolve(folder, `${manifest.name}-${manifest.version}.tgz`);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function npm(args, cwd) {
  const child = spawn('npm', args, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: toolEnvironment(),
    shell: process.platform === 'win32',
  });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`npm ${args[0]} failed with exit code ${code}.`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes('--prepare')) {
    const notices = await thirdPartyNotices(await build(['cli']));
    await writeFile(path.join(root, 'dist/THIRD-PARTY-NOTICES.txt'), notices);
  } else {
    const tarball = await packCommand();
    process.stdout.write(`${path.relative(process.cwd(), tarball)}\n`);
  }
}
