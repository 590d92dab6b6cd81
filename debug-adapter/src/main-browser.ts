// The debug adapter in a web worker: messages of the protocol as objects, files by their address.
import type { DebugProtocol } from '@vscode/debugprotocol';
import { resolveBeside } from './file-accessor.ts';
import { SnoopscopeDebugSession } from './session.ts';

const session = new SnoopscopeDebugSession({ readFile, readBytes, resolve: resolveBeside });
session.onDidSendMessage((message) => self.postMessage(message));
self.onmessage = ({ data }: MessageEvent<DebugProtocol.ProtocolMessage>) => session.handleMessage(data);

async function readFile(url: string): Promise<string> {
  return (await fetched(url)).text();
}

async function readBytes(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetched(url)).arrayBuffer());
}

async function fetched(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  return response;
}
