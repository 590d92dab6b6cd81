import { defineConfig } from 'vitest/config';

/** Counts the threads of its process, and ends them: it has a process of its own. */
const OWN_PROCESS = 'test/explore/threads.test.ts';

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
          exclude: ['test/vscode/**', OWN_PROCESS],
        },
      },
      { extends: true, test: { name: 'threads', include: [OWN_PROCESS] } },
    ],
  },
});
