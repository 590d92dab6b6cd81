import { runVSCode } from './test/vscode/run.mjs';

await runVSCode({
  only: ['node'],
  grep: process.argv[2],
  say: console.log,
  onOutcome: (x) => console.log(x.kind, x.title, (x.error ?? '').split('\n')[0]),
});
process.exit(0);
