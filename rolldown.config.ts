import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'rolldown';
import { dayOf, kinds } from './src/verbs/asking/data.ts';

/**
 * What npm packages know of countries and systems comes with a release, a tenth of their size: they hold everything several times. Compressing
 * takes seconds, so what was made of one version is kept.
 */
function places(): Plugin {
  return {
    name: 'places',
    writeBundle({ dir = 'dist' }) {
      const folder = join(dir, 'places');
      const cache = join(import.meta.dirname, 'node_modules/.cache/places');
      for (const path of [folder, cache]) mkdirSync(path, { recursive: true });
      const days: Record<string, string> = {};
      for (const [kind, { package: name, file }] of Object.entries(kinds)) {
        const from = join(import.meta.dirname, 'node_modules', name);
        const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as { version: string };
        days[kind] = dayOf(version);
        for (const table of Object.values(file)) {
          const packed = join(cache, `${version}-${table}.zst`);
          if (!existsSync(packed)) {
            const level = { params: { [constants.ZSTD_c_compressionLevel]: 9 } };
            writeFileSync(`${packed}.${process.pid}`, zstdCompressSync(readFileSync(join(from, table)), level));
            renameSync(`${packed}.${process.pid}`, packed);
          }
          copyFileSync(packed, join(folder, `${table}.zst`));
        }
      }
      writeFileSync(join(folder, 'as-of.json'), `${JSON.stringify(days)}\n`);
    },
  };
}

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
    sender: 'src/verbs/alerting/sender.ts',
    comparer: 'src/verbs/drifting/comparer.ts',
    collector: 'src/kernel/collector.ts',
    'wire-holder': 'src/kernel/wire-holder.ts',
    'lab-actor': 'src/verbs/lab/actor.ts',
  },
  platform: 'node',
  external: ['koffi'],
  plugins: [places()],
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
