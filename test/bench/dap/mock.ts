// The smallest debug adapter with variables: a counter that steps forwards and back, one frame, two scopes of eight values.
import {
  DebugSession,
  InitializedEvent,
  Scope,
  Source,
  StackFrame,
  StoppedEvent,
  Thread,
  Variable,
} from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';

class MockSession extends DebugSession {
  #position = 0;

  protected override initializeRequest(response: DebugProtocol.InitializeResponse): void {
    response.body = { supportsStepBack: true, supportsConfigurationDoneRequest: true };
    this.sendResponse(response);
  }

  protected override launchRequest(response: DebugProtocol.LaunchResponse): void {
    this.sendResponse(response);
    this.sendEvent(new InitializedEvent());
  }

  protected override configurationDoneRequest(response: DebugProtocol.ConfigurationDoneResponse): void {
    this.#stopped(response, 'entry');
  }

  protected override nextRequest(response: DebugProtocol.NextResponse): void {
    this.#position++;
    this.#stopped(response, 'step');
  }

  protected override stepBackRequest(response: DebugProtocol.StepBackResponse): void {
    this.#position--;
    this.#stopped(response, 'step');
  }

  protected override threadsRequest(response: DebugProtocol.ThreadsResponse): void {
    response.body = { threads: [new Thread(1, 'one')] };
    this.sendResponse(response);
  }

  protected override stackTraceRequest(response: DebugProtocol.StackTraceResponse): void {
    const source = new Source('mock.txt', '/mock.txt');
    response.body = { stackFrames: [new StackFrame(1, 'one', source, this.#position + 1, 1)], totalFrames: 1 };
    this.sendResponse(response);
  }

  protected override scopesRequest(response: DebugProtocol.ScopesResponse): void {
    response.body = { scopes: [new Scope('Locals', 1), new Scope('Globals', 2)] };
    this.sendResponse(response);
  }

  protected override variablesRequest(response: DebugProtocol.VariablesResponse): void {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    response.body = { variables: names.map((name) => new Variable(name, String(this.#position))) };
    this.sendResponse(response);
  }

  #stopped(response: DebugProtocol.Response, reason: string): void {
    this.sendResponse(response);
    this.sendEvent(new StoppedEvent(reason, 1));
  }
}

new MockSession().start(process.stdin, process.stdout);
