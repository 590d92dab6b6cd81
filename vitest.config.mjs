import { defineConfig } from 'vitest/config';

/** Counts the threads of its process, and ends them: it has a process of its own. */
const OWN_PROCESS = 'test/explore/threads.test.ts';
/** What shares a window with a browser, or a browser with a machine that is busy, may lose a race to it once. */
const BROWSERS = ['test/playground/playground.test.ts', 'test/start/start.test.ts'];

export default defineConfig({
  // As scripts/build.mjs bundles pages of the documentation.
  plugins: [
    {
      name: 'pages-as-text',
      enforce: 'pre',
      transform: (text, id) => (id.endsWith('.md') ? `export default ${JSON.stringify(text)};` : undefined),
    },
  ],
  test: {
    // A test that hangs fails; how long one may take on a busy machine is not part of what it says.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    setupFiles: ['test/seed.ts'],
    // Those of test/vscode run inside VS Code, started by scripts/test.mjs.
    projects: [
      // Files share a process and the modules that it has loaded, which saves a third of the time.
      {
        extends: true,
        test: {
          name: 'unit',
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/vscode/**', OWN_PROCESS, ...BROWSERS],
        },
      },
      // A second run tells a lost race from a fault; `npm test` names each test that needed one.
      { extends: true, test: { name: 'browsers', include: BROWSERS, retry: 1, testTimeout: 900_000 } },
      { extends: true, test: { name: 'threads', include: [OWN_PROCESS] } },
    ],
  },
});
