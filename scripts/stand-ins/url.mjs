// What @vscode/debugadapter imports from Node's 'url', as a browser has it.
export const URL = globalThis.URL;
