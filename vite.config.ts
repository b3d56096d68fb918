import { defineConfig } from 'vite';

/** Builds the demonstration's page from the elements and the SDK into `dist/page`, with a manifest that the server reads. */
export default defineConfig({
  base: '/demo/',
  publicDir: false,
  build: {
    outDir: 'dist/page',
    emptyOutDir: true,
    manifest: true,
    // One script that a nonce admits; there is nothing to preload, and no polyfill that a policy would have to allow.
    modulePreload: false,
    target: 'es2022',
    rolldownOptions: { input: 'client-sdk/pages/demo-page.ts' },
  },
});
