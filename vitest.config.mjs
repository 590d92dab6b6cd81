import { defineConfig } from 'vitest/config';

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
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ['test/seed.ts'],
    include: ['test/**/*.test.ts'],
    // Those run inside VS Code, started by scripts/test.mjs.
    exclude: ['test/vscode/**'],
  },
});
