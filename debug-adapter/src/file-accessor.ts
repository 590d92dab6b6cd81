/** The one way to files: injected, so that the same session runs in a process, inside an editor and in a browser. */
export interface FileAccessor {
  /** The text of a file; rejects when it cannot be read. `path` is a path or a URI, as the client named it. */
  readFile(path: string): Promise<string>;
  /** The bytes of a file, as {@link readFile}. */
  readBytes(path: string): Promise<Uint8Array>;
  /** Writes a file, or replaces it. Absent where there is nowhere to write to. */
  writeBytes?(path: string, bytes: Uint8Array): Promise<void>;
  /** Where a path written in the file `from` leads. */
  resolve(from: string, relative: string): string;
}

/** `resolve` for paths and URIs alike, from their characters alone. */
export function resolveBeside(from: string, relative: string): string {
  if (isUri(relative) || relative.startsWith('/') || /^[a-z]:[\\/]/i.test(relative)) return relative;
  const scheme = /^[a-z][a-z0-9+.-]+:(\/\/[^/]*)?/i.exec(from)?.[0] ?? '';
  const separator = scheme === '' && from.includes('\\') ? '\\' : '/';
  const parts = from.slice(scheme.length).split(/[\\/]/);
  parts.pop();
  for (const part of relative.split(/[\\/]/)) {
    if (part === '..') {
      if (parts.length > 1) parts.pop();
    } else if (part !== '.' && part !== '') parts.push(part);
  }
  return scheme + parts.join(separator);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  FileNotFound: 'there is no such file',
  EISDIR: 'it is a directory',
  FileIsADirectory: 'it is a directory',
  EACCES: 'permission is denied',
  NoPermissions: 'permission is denied',
};

/** Why a file cannot be used, in a few words. */
export function reason(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return REASONS[String(code)] ?? String(message ?? error).replace(/\.$/, '');
}

/** Why a file cannot be written: what is missing is its folder. */
export function whyUnwritten(error: unknown): string {
  const why = reason(error);
  return why === REASONS.ENOENT ? 'its folder does not exist' : why;
}

/** The last part of a path or URI. */
export function baseName(path: string): string {
  const last = path.split(/[\\/]/).findLast((part) => part !== '') ?? path;
  return isUri(path) ? decoded(last) : last;
}

/** Do two spellings name the same file? Clients encode URIs, and Windows drive letters change their case. */
export function samePath(left: string, right: string): boolean {
  return normal(left) === normal(right);
}

function normal(path: string): string {
  if (isUri(path)) return decoded(path);
  return path.replaceAll('\\', '/').replace(/^[A-Z]:/, (drive) => drive.toLowerCase());
}

function decoded(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}

function isUri(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(path);
}
