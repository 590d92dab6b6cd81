/** Share links: the scenario, the kernel, the schedule and the cursor, deflated into the fragment of the address. */

export interface Shared {
  readonly text: string;
  /** Path of the gallery's scenario it began as. */
  readonly name?: string;
  readonly kernel?: string;
  readonly schedule?: string;
  /** Micro-steps made. */
  readonly position?: number;
}

/** Raised when an older page could not read what a newer one writes. */
const VERSION = 1;
const PREFIX = 's=';
/** What a scenario may have at most, inflated: a link cannot fill the memory. */
const MOST_CHARACTERS = 2_000_000;

export async function linkOf(shared: Shared, page: string): Promise<string> {
  const bytes = await piped(
    new TextEncoder().encode(JSON.stringify({ version: VERSION, ...shared })),
    new CompressionStream('deflate-raw'),
  );
  return `${page.split('#')[0]}#${PREFIX}${toBase64(bytes)}`;
}

/** What a link holds, a sentence on why it cannot be read, or undefined when the address is not a link. */
export async function readLink(
  fragment: string,
): Promise<Shared | { readonly problem: string; readonly kept?: Shared } | undefined> {
  const word = fragment.replace(/^#/, '');
  if (word === '') return undefined;
  if (!word.startsWith(PREFIX)) return { problem: 'The address ends with something that is not a link to a scenario.' };
  let json: unknown;
  try {
    const bytes = await piped(fromBase64(word.slice(PREFIX.length)), new DecompressionStream('deflate-raw'));
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { problem: 'The link is damaged: a part of it is missing or changed. Ask for it again.' };
  }
  const shared = sharedOf(json);
  if (!shared) return { problem: 'The link holds no scenario. Ask for it again.' };
  const { version } = json as { version?: unknown };
  if (version === VERSION) return shared;
  return {
    problem: `The link is from a newer version of the playground (${String(version).slice(0, 10)}). The scenario is opened; the rest of the link is left out.`,
    kept: { text: shared.text },
  };
}

function sharedOf(json: unknown): Shared | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { text, name, kernel, schedule, position } = json as Record<string, unknown>;
  if (typeof text !== 'string' || text.length > MOST_CHARACTERS) return undefined;
  return {
    text,
    ...(typeof name === 'string' && { name }),
    ...(typeof kernel === 'string' && { kernel }),
    ...(typeof schedule === 'string' && { schedule }),
    ...(typeof position === 'number' && Number.isSafeInteger(position) && position >= 0 && { position }),
  };
}

async function piped(
  bytes: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(through);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MOST_CHARACTERS * 4) throw new Error('too long');
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}
