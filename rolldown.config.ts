import { defineConfig } from 'rolldown';

/**
 * A release: Node runs no TypeScript under node_modules, so that the sources become a few modules under dist/.
 * koffi is native and optional, and stays what npm installed.
 */
export default defineConfig({
  input: {
    palisade: 'src/daemon/main.ts',
    auditor: 'src/verbs/auditor.ts',
    collector: 'src/kernel/collector.ts',
    'wire-holder': 'src/kernel/wire-holder.ts',
    'lab-actor': 'src/verbs/lab/actor.ts',
  },
  platform: 'node',
  external: ['koffi'],
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    // Beside the entries, so that a path relative to import.meta.url means the same in every module.
    chunkFileNames: '[name]-[hash].js',
    cleanDir: false,
  },
});
