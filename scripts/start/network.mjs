// Whether the npm registry can be reached, asked before a download: npm itself tries for more than a minute and does not
// say what it was for.
import { spawnSync } from 'node:child_process';

const patience = 8_000; // milliseconds

/** What npm reports when nothing answered. Any other error is an answer. */
const unreachable =
  /^(?:ENOTFOUND|EAI_AGAIN|EAI_FAIL|ECONN\w+|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT)$/;

/**
 * Throws unless the registry answers within 8 seconds; the error says which download (`what`) is missing. npm is asked,
 * since only npm knows the user's registry, proxy and certificates.
 */
export function expectNetwork(what) {
  const problem = registryProblem();
  if (!problem) return;
  throw new Error(
    `No network: the npm registry ${problem}.\nNot downloaded: ${what}.\nIt is needed once. If you are behind a proxy, npm's settings \`proxy\` and \`https-proxy\` name it.`,
  );
}

/** Why the registry is out of reach; undefined when it answers. */
function registryProblem() {
  // Not `npm view`: without a network that answers from npm's cache.
  const args = ['ping', '--fetch-retries=0', `--fetch-timeout=${patience}`];
  const shell = process.platform === 'win32';
  const { stderr = '', error } = spawnSync('npm', args, { encoding: 'utf8', timeout: patience, shell });
  if (error?.code === 'ETIMEDOUT') return `did not answer within ${patience / 1000} seconds`;
  if (error) throw new Error(`npm could not be started: ${error.message}`);
  const code = /^npm (?:error|ERR!) code (\w+)/m.exec(stderr)?.[1];
  return code && unreachable.test(code) ? `cannot be reached (${code})` : undefined;
}
