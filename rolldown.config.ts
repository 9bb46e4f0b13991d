import { defineConfig } from 'rolldown';

/**
 * What becomes a module of its own, each before those that import it: what is asked for together is loaded together, and nothing
 * beside it.
 */
const rooms = [
  ...['zod', 'yaml', 'commander', 'hono'].map((name) => ({ name, test: new RegExp(`/node_modules/(?:@hono/)?${name}/`) })),
  { name: 'common', test: /\/src\/[^/]+\.ts$/ },
  ...['model/net', 'model/packet', 'model/ruleset', 'model/host', 'analysis', 'kernel', 'policy', 'change'].map((folder) => ({
    name: folder.replace('/', '-'),
    // What does something once it is loaded stays an entry of its own.
    test: new RegExp(`/src/${folder}/(?!collector|wire-holder)`),
  })),
];

/**
 * A release: Node runs no TypeScript under node_modules, so that the sources become a few modules under dist/.
 * koffi is native and optional, and stays what npm installed.
 */
export default defineConfig({
  input: {
    palisade: 'src/daemon/main.ts',
    auditor: 'src/verbs/auditor.ts',
    onlooker: 'src/verbs/drifting/onlooker.ts',
    watcher: 'src/verbs/watching/watcher.ts',
    comparer: 'src/verbs/drifting/comparer.ts',
    collector: 'src/kernel/collector.ts',
    'wire-holder': 'src/kernel/wire-holder.ts',
    'lab-actor': 'src/verbs/lab/actor.ts',
  },
  platform: 'node',
  external: ['koffi'],
  // No module of ours does anything when it is loaded but for the entries: without this, one room draws in another for nothing.
  treeshake: { moduleSideEffects: false },
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    // Beside the entries, so that a path relative to import.meta.url means the same in every module.
    chunkFileNames: '[name]-[hash].js',
    cleanDir: false,
    codeSplitting: {
      groups: rooms.map((room, index) => ({ ...room, priority: rooms.length - index })),
    },
  },
});
