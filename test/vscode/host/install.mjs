// Installs VS Code's own server and workbench, and a headless Chromium, without a desktop download: both come as npm packages.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { cached, run, unpackPackage } from './packages.mjs';

// code-server 4.N carries VS Code 1.N. Not a devDependency: its install script compiles native modules for minutes.
const codeServer = {
  name: 'code-server',
  version: '4.139.1',
  sha512: 'fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==',
};
const chromium = {
  name: '@sparticuz/chromium',
  version: '153.0.0',
  sha512: 'jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==',
};
const fonts = {
  name: 'dejavu-fonts-ttf',
  version: '2.37.3',
  sha512: 'f1hd7jJbeQa1VWcw+K2KrTXS50zTMaHpVC4XIKJpNcDeYR5ajMtj/iLlQDYNvLOKamUB3ARVVCf79lNwNVztSQ==',
};

/** The version of VS Code that the server is. */
export const vscodeVersion = `1.${codeServer.version.slice(2)}`;

// What an installed folder looks like follows from this file, so a change here makes a new one.
const recipe = createHash('sha256')
  .update(readFileSync(import.meta.filename))
  .digest('hex')
  .slice(0, 8);

/** Folder of VS Code's server (`out/server-main.js` in it). `say` is told each step of a first install. */
export function installServer(say = () => {}) {
  return cached(`vscode-server-${vscodeVersion}-${recipe}`, async (folder) => {
    say(`Installing VS Code ${vscodeVersion} (server and workbench, about 45 MB, once) …`);
    await unpackPackage(codeServer, folder);
    // Only lib/vscode is VS Code; it becomes the folder itself.
    const server = path.join(folder, 'lib', 'vscode');
    say('Installing its modules (about 60 MB) …');
    // Not `npm ci`: the shrinkwrap that pins them leaves out an optional one, which `ci` refuses.
    await run(
      'npm',
      ['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'],
      server,
    );
    await Promise.all(unneeded.map((place) => rm(path.join(server, place), { recursive: true, force: true })));
    await replaceNativeModules(server);
  }).then((folder) => path.join(folder, 'lib', 'vscode'));
}

/** A Chromium for playwright's `launch`: its executable and the environment it needs. CHROMIUM_EXECUTABLE names another one. */
export async function installChromium(say = () => {}) {
  if (process.env.CHROMIUM_EXECUTABLE) return { executablePath: process.env.CHROMIUM_EXECUTABLE, env: process.env };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `There is no packaged Chromium for ${process.platform} ${process.arch}: set CHROMIUM_EXECUTABLE to a Chromium, or VSCODE_EXECUTABLE to a desktop VS Code.`,
    );
  }
  const folder = await cached(`chromium-${chromium.version}-${recipe}`, async (work) => {
    say(`Installing Chromium ${chromium.version} (headless, about 75 MB, once) …`);
    await unpackPackage(chromium, path.join(work, 'package'));
    await unpackPackage(fonts, path.join(work, 'dejavu'));
    const bin = path.join(work, 'package', 'bin');
    await decompress(path.join(bin, 'chromium.br'), path.join(work, 'chromium'), 0o755);
    for (const name of ['al2023', 'fonts', 'swiftshader']) {
      const archive = path.join(work, `${name}.tar`);
      await decompress(path.join(bin, `${name}.tar.br`), archive);
      await run('tar', ['-xf', archive, '-C', work], work);
      await rm(archive);
    }
    await rm(path.join(work, 'package'), { recursive: true });
  });
  // The fonts' folder is written at each start: the cache may have been moved.
  await mkdir(path.join(folder, 'fontconfig-cache'), { recursive: true });
  await writeFile(path.join(folder, 'fonts.conf'), fontConfiguration(folder));
  return {
    executablePath: path.join(folder, 'chromium'),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: path.join(folder, 'lib'),
      FONTCONFIG_FILE: path.join(folder, 'fonts.conf'),
    },
  };
}

// 300 MB that neither tests nor `npm start` need.
const unneeded = ['node_modules/@github', 'node_modules/@microsoft/mxc-sdk', 'extensions/copilot'];

// Two native modules have no prebuilt binary: the file logger and the watchdog that ends the server with its parent.
async function replaceNativeModules(server) {
  const modules = path.join(server, 'node_modules', '@vscode');
  await writeFile(path.join(modules, 'spdlog', 'index.js'), fileLogger);
  await writeFile(path.join(modules, 'native-watchdog', 'index.js'), 'exports.start = () => {};\n');
}

const fileLogger = `
const fs = require('fs');
const path = require('path');
const names = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];
let lowest = 2;
class Logger {
  constructor(name, file) { this.file = file; fs.mkdirSync(path.dirname(file), { recursive: true }); }
  setLevel(level) { this.lowest = level; }
  setPattern() {}
  clearFormatters() { this.plain = true; }
  flush() {}
  drop() {}
  write(level, message) {
    if (level < (this.lowest ?? lowest)) return;
    fs.appendFileSync(this.file, this.plain ? message : new Date().toISOString() + ' [' + names[level] + '] ' + message + '\\n');
  }
}
names.forEach((name, level) => {
  Logger.prototype[name === 'warning' ? 'warn' : name] = function (message) { this.write(level, message); };
});
exports.Logger = Logger;
exports.version = 0;
exports.setLevel = (level) => { lowest = level; };
exports.setFlushOn = () => {};
exports.shutdown = () => {};
exports.createRotatingLogger = exports.createAsyncRotatingLogger = async (name, file) => new Logger(name, file);
`;

// Open Sans comes with Chromium's package; it has no monospace, which an editor needs.
function fontConfiguration(folder) {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <dir>${folder}/dejavu/ttf</dir>
  <cachedir>${folder}/fontconfig-cache</cachedir>
  <alias binding="same"><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <alias binding="same"><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias binding="same"><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
`;
}

function decompress(from, to, mode = 0o644) {
  return pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to, { mode }));
}
