/** Writes the generated files and takes away those that nothing makes any more: `npm run docs`. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { verbs } from '../../verbs/index.ts';
import { documents, generatedFolders } from './index.ts';

const root = join(import.meta.dirname, '../../..');
const texts = documents(verbs);
for (const folder of generatedFolders) {
  mkdirSync(join(root, folder), { recursive: true });
  for (const name of readdirSync(join(root, folder))) if (!texts.has(`${folder}/${name}`)) rmSync(join(root, folder, name));
}
for (const [path, text] of texts) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
process.stdout.write(`${texts.size} files written under ${generatedFolders.join(', ')}\n`);
