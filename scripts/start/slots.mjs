// Folders that only one running process has: state that two VS Code servers at once would write over each other.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Takes the first of `base/1`, `base/2`, … that no living process has, until this process ends. Returns its number and
 * folder. The next start gets the same one again, with the settings and the layout left there.
 */
export function takeSlot(base) {
  for (let number = 1; ; number++) {
    const folder = path.join(base, String(number));
    mkdirSync(folder, { recursive: true });
    if (take(path.join(folder, 'owner'))) return { number, folder };
  }
}

function take(file) {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (isAlive(ownerOf(file))) return false;
      rmSync(file, { force: true }); // left by a process that was killed
      continue;
    }
    process.once('exit', () => rmSync(file, { force: true }));
    return true;
  }
}

function ownerOf(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0; // It was given back meanwhile.
  }
}

function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // another user's
  }
}
