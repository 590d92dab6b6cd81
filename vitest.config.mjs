import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Those run inside VS Code, started by scripts/test.mjs.
    exclude: ['test/vscode/**'],
  },
});
