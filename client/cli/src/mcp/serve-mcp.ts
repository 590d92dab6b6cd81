/** The simulator as an MCP server: tools that assistants call. Reads files that they name, writes none, opens no socket. */
import { Server, type ServerOptions } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import { nearest } from '@snoopscope/sim-core';
import type { Command } from '../commands/command.ts';
import { EXIT, EXIT_MEANINGS, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { VERSION } from '../version.ts';
import { callCommand } from './call-command.ts';
import { problemOf } from './input-problem.ts';
import { REFERENCE, refer } from './reference-tool.ts';
import { StandardStreams } from './standard-streams.ts';
import { commandTools, type Tool, type ToolInput } from './tools.ts';

/** The command line, as the command `mcp` hands it over. */
export interface CommandLine {
  readonly commands: readonly Command[];
  readonly main: (io: Io) => Promise<ExitCode>;
}

/** What an assistant is told before it knows the tools. */
const INSTRUCTIONS = `Snoopscope simulates VFIO, the IOMMU, KVM, caches and devices for every mainline Linux kernel from v3.12 on, and checks scenarios over all interleavings. Compared with recordings of real kernels: what system calls of VFIO, kvm-vfio and IOMMUs return on x86, which VMs are non-coherent, where WBINVD runs and which leaves of EPT exist. Derived from source and manuals alone, and measured on no machine: stale reads, what hardware does with No Snoop, arm64 and POWER, first-stage tables, and what was proposed and not merged; say so when you rely on them (docs/fidelity.md). Call \`reference\` without a name for the scenario language before you write a scenario; then \`check\` judges its conditions, \`run\` tells one execution, \`explore\` lists every outcome. A limit that was reached is part of each answer: nothing is proved beyond it.`;

/** The SDK would validate what users fill in with code that it compiles; no tool asks them for anything. */
const NO_ELICITATION: NonNullable<ServerOptions['jsonSchemaValidator']> = {
  getValidator: () => () => ({ valid: false, data: undefined, errorMessage: 'Nothing is asked of users here.' }),
};

/** Serves one client until it closes the stream or `interrupt` is given. */
export async function serveMcp(
  line: CommandLine,
  workingDirectory: string,
  interrupt: AbortSignal,
  transport: Transport = new StandardStreams(),
): Promise<void> {
  const server = new Server(
    { name: 'snoopscope', title: 'Snoopscope', version: VERSION },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS, jsonSchemaValidator: NO_ELICITATION },
  );
  const tools = commandTools(line.commands);
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...tools, REFERENCE].map(listed) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const { name, arguments: input = {} } = params;
    const tool = tools.find((each) => each.name === name);
    const schema = tool?.inputSchema ?? (name === REFERENCE.name ? REFERENCE.inputSchema : undefined);
    if (!schema) throw new McpError(ErrorCode.InvalidParams, unknownTool(name, tools));
    const wrong = problemOf(schema, input);
    if (wrong !== undefined) return failed(wrong);
    if (!tool) return referred(input);
    return called(tool, input, line, { workingDirectory, interrupt: AbortSignal.any([signal, interrupt]) });
  });
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
    interrupt.addEventListener('abort', () => resolve(), { once: true });
  });
  await server.connect(transport);
  await closed;
  await server.close();
}

function listed({ name, title, description, inputSchema }: Omit<Tool, 'callOf'>) {
  return {
    name,
    title,
    description,
    inputSchema,
    annotations: { title, readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  };
}

async function called(
  tool: Tool,
  input: ToolInput,
  { main }: CommandLine,
  around: Parameters<typeof callCommand>[2],
): Promise<CallToolResult> {
  const call = tool.callOf(input);
  if ('wrong' in call) return failed(call.wrong);
  const { exitCode, stdout, stderr } = await callCommand(main, call, around);
  const said = [stdout, stderr].map((text) => text.trimEnd()).filter((text) => text !== '');
  const text = input.format === 'json' ? said : [...said, `Exit code ${exitCode}: ${EXIT_MEANINGS[exitCode]}.`];
  return {
    content: text.map((part) => ({ type: 'text', text: part })),
    ...(input.format === 'json' && { structuredContent: { exitCode, ...documentOf(stdout) } }),
    // A failed condition is an answer; so is a limit, which the answer names.
    ...(exitCode === EXIT.wrong && { isError: true }),
  };
}

function documentOf(stdout: string): object {
  return stdout.trim() === '' ? {} : { document: JSON.parse(stdout) };
}

function referred(input: ToolInput): CallToolResult {
  const { text, known } = refer(input);
  return known ? { content: [{ type: 'text', text }] } : failed(text);
}

function failed(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

function unknownTool(name: string, tools: readonly Tool[]): string {
  const names = [...tools.map((tool) => tool.name), REFERENCE.name];
  const near = nearest(name, names);
  return `Unknown tool \`${name}\`.${near ? ` Did you mean \`${near}\`?` : ''} Tools: ${names.join(', ')}.`;
}
