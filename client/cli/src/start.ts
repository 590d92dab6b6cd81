/**
 * What `snoopscope` begins with: it runs the program that lies beside it, compiled as the last call left it.
 *
 * Compiling the program is most of a short call. So a call that did its work leaves what V8 compiled for it in the cache
 * folder of the user, one file for each command, and the next call of that command begins with it. Where that cannot be
 * read or written, nothing but the time is lost. NODE_DISABLE_COMPILE_CACHE switches it off and NODE_COMPILE_CACHE names
 * another folder, as for Node's own cache; that one leaves out every function that is compiled when it is first called,
 * which here is nearly all of them.
 */
import { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Script } from 'node:vm';
import { EXIT } from './exit-codes.ts';
import { needsSupervision, supervise } from './supervise.ts';

/** The program's last line: what it was built from. */
const BUILD_LINE = /\n\/\/ build ([0-9a-f]+)\n$/;

const folder = import.meta.dirname;
const file = path.join(folder, 'cli-program.js');
const words = process.argv.slice(2);
if (needsSupervision(words)) supervise(path.join(folder, 'cli.js'), words);
else startProgram();

function startProgram(): void {
  const source = programText();
  const build = BUILD_LINE.exec(source.slice(-100))?.[1];
  const kept = build === undefined ? undefined : cacheFile();
  const cachedData = kept && readCompiled(kept, build!);
  const program = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
  if (kept && (!cachedData || program.cachedDataRejected)) {
    // A call that was wrong compiled little of what the command needs.
    process.on('exit', (code) => {
      if (code !== EXIT.wrong && code !== EXIT.interrupted) keepCompiled(program, kept, build!);
    });
  }
  const module = { exports: {} };
  program.runInThisContext()(module.exports, createRequire(file), module, file, folder);
}

/** A function in ASCII: V8 takes it as it is, without a copy. */
function programText(): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    const reason = (error as Error).message;
    process.stderr.write(`snoopscope: error: A part of the command is missing; installing it again helps: ${reason}\n`);
    process.exit(EXIT.wrong);
  }
}

/** One file for each command and Node, or undefined when there is to be none. */
function cacheFile(): string | undefined {
  const { NODE_DISABLE_COMPILE_CACHE, NODE_COMPILE_CACHE } = process.env;
  const own = userCache();
  const base = NODE_COMPILE_CACHE || (own && path.isAbsolute(own) ? own : undefined);
  if (NODE_DISABLE_COMPILE_CACHE || !base) return undefined;
  const [first = ''] = words;
  const asked = words.some((word) => word === '--help' || word === '-h');
  const command = asked || !/^[a-z]+$/.test(first) ? 'help' : first;
  return path.join(base, 'snoopscope', `${command}-${process.version}-${process.arch}.compiled`);
}

/** Where the user's programs keep what can be rebuilt. */
function userCache(): string | undefined {
  const { HOME, LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  if (process.platform === 'win32') return LOCALAPPDATA;
  if (process.platform !== 'darwin' && XDG_CACHE_HOME) return XDG_CACHE_HOME;
  return HOME && path.join(HOME, ...(process.platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']));
}

// V8 compares only the length of the source, so what it compiled is stored after the id of the build.
function readCompiled(name: string, wanted: string): Buffer | undefined {
  try {
    const content = readFileSync(name);
    return content.toString('latin1', 0, wanted.length) === wanted ? content.subarray(wanted.length) : undefined;
  } catch {
    return undefined;
  }
}

function keepCompiled(program: Script, name: string, of: string): void {
  const unfinished = `${name}.${process.pid}`;
  try {
    mkdirSync(path.dirname(name), { recursive: true });
    writeFileSync(unfinished, Buffer.concat([Buffer.from(of, 'latin1'), program.createCachedData()]));
    renameSync(unfinished, name);
  } catch {
    try {
      unlinkSync(unfinished);
    } catch {
      // It was not begun.
    }
  }
}
