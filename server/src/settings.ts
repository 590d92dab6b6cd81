import { isRecord } from '@snoopscope/sim-core';
import type { InitializationOptions, Settings } from './protocol.ts';

/** Settings as clients really send them: anything. What is not as it should be counts as left out. */
export function readSettings(value: unknown): Settings {
  if (!isRecord(value)) return {};
  const kernel = typeof value.kernel === 'string' ? value.kernel.trim() : '';
  const results = isRecord(value.inlayHints) ? value.inlayHints.results : undefined;
  return {
    ...(kernel !== '' && { kernel }),
    ...(typeof results === 'boolean' && { inlayHints: { results } }),
  };
}

/** Where the pages are that diagnostics link to, when nobody has a copy of them nearer. */
const DIAGNOSTIC_PAGES = 'https://github.com/snoopscope/snoopscope/blob/main/docs/reference/diagnostics';

/** The options with what is left out filled in, except where only the process knows. */
export type Options = Required<Omit<InitializationOptions, 'simulator'>> & Pick<InitializationOptions, 'simulator'>;

export function readInitializationOptions(value: unknown, pages = DIAGNOSTIC_PAGES): Options {
  const options = isRecord(value) ? value : {};
  return {
    readFile: options.readFile === true,
    findScenarios: options.findScenarios === true,
    diagnosticPages: typeof options.diagnosticPages === 'string' ? options.diagnosticPages : pages,
    pullDiagnostics: options.pullDiagnostics === true,
    commands: options.commands !== false,
    ...(typeof options.simulator === 'string' && { simulator: options.simulator }),
    settings: readSettings(options.settings),
  };
}
