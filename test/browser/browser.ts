import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { createServe } from '../../src/server/serve.ts';
import type { Served } from '../../src/verbs/index.ts';

/** Chromium with nothing of its own to say on the network. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Runs in every page before its own script: what the page must never do, and how much it moved. */
const witness = `
  window.violations = [];
  addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));
  window.moved = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) moved += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
`;

export interface Opened {
  readonly page: Page;
  /** What the console and the Content-Security-Policy complained of. */
  complaints(): Promise<string[]>;
}

export interface Lab extends AsyncDisposable {
  /** Starts a server for these answers; port 0 takes any. */
  serve(served: Served, port?: number): Promise<{ readonly url: string; readonly port: number; stop(): Promise<void> }>;
  open(url: string, options?: BrowserContextOptions): Promise<Opened>;
}

/** The page as `vite build` makes it, real servers that serve it, and a real browser. */
export async function lab(): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-web-'));
  await build({
    configFile: join(import.meta.dirname, '..', '..', 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder },
  });
  const serve = createServe(folder);
  const browser: Browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
  return {
    async serve(served, port = 0) {
      const stop = new AbortController();
      const server = await serve(served, { port, host: '127.0.0.1' }, stop.signal);
      if (!server.ok) throw new Error(server.detail);
      return {
        url: server.url,
        port: server.port,
        async stop() {
          stop.abort();
          await server.closed;
        },
      };
    },
    async open(url, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
      await context.addInitScript(witness);
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const said: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') said.push(message.text());
      });
      page.on('pageerror', (error) => said.push(error.message));
      await page.goto(url);
      return {
        page,
        async complaints() {
          return [...said, ...((await page.evaluate('violations')) as string[])];
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Every piece of text whose contrast with what lies behind it is under WCAG 2.2 AA (§1.4.3: 4.5, or 3 from 24 px,
 * or 18.66 px bold). Colours are read off a canvas, so that whatever way they are written counts.
 */
export const poorContrast = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
      if (colour[3] !== 0) throw new Error('a half transparent background under ' + element.outerHTML.slice(0, 80));
    }
    return [255, 255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === '' || !element.checkVisibility() || element.closest('noscript, :disabled') !== null) continue;
    texts += 1;
    const style = getComputedStyle(element);
    const [one, two] = [light(rgba(style.color)), light(behind(element))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(ratio.toFixed(2) + ' ' + walker.currentNode.data.trim().slice(0, 40));
  }
  return { texts, poor };
})()`;
