import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

/** One file of the built page, held in memory: there are few and they are small. */
export interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  /** Its name carries a hash of its content, so it may be kept for ever. */
  readonly immutable: boolean;
}

/** The built page by URL path (`/`, `/assets/…`); empty when it was not built. */
export type Page = ReadonlyMap<string, PageFile>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Reads every file under the folder that `vite build` wrote. Files of a type that the page does not use are left out. */
export function readPage(folder: string = builtPage()): Page {
  const page = new Map<string, PageFile>();
  if (!existsSync(join(folder, 'index.html'))) return page;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    const body = new Uint8Array(readFileSync(file));
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    page.set(path === '/index.html' ? '/' : path, { body, type, etag, immutable: path.startsWith('/assets/') });
  }
  return page;
}

/** dist/web, seen from src/server in a checkout, and from dist or one folder below it in a release. */
function builtPage(): string {
  const here = import.meta.dirname;
  if (import.meta.filename.endsWith('.ts')) return join(here, '..', '..', 'dist', 'web');
  const beside = join(here, 'web');
  return existsSync(join(beside, 'index.html')) ? beside : join(here, '..', 'web');
}

/** The response for one file, or 304 when the browser has it. */
export function pageResponse(file: PageFile, ifNoneMatch: string | undefined): Response {
  const headers = {
    'Content-Type': file.type,
    ETag: file.etag,
    'Cache-Control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  const known = ifNoneMatch?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === file.etag);
  return known === true ? new Response(null, { status: 304, headers }) : new Response(file.body, { headers });
}
