import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hardened6 } from '../../src/audit/examples.ts';
import { profiles } from '../../src/audit/profiles/index.ts';
import { dossierFor, hostile, risk } from '../../src/audit/reports/dossier.fixture.ts';
import { html } from '../../src/audit/reports/html.ts';
import { junit } from '../../src/audit/reports/junit.ts';
import { type Lab, lab, poorContrast } from './browser.ts';

let browser: Lab;
let folder: string;
let url: string;
const dossier = dossierFor(
  { v4: hostile, v6: hardened6 },
  { profile: profiles.pci, risks: [risk('FW-BASE-03'), risk('FW-BACK-01'), risk('FW-BASE-04', { expires: '2020-01-01' })] },
);

beforeAll(async () => {
  browser = await lab();
  folder = mkdtempSync(join(tmpdir(), 'palisade-report-'));
  writeFileSync(join(folder, 'audit.html'), html.write(dossier));
  url = pathToFileURL(join(folder, 'audit.html')).href;
}, 60_000);
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe('the one-file report', () => {
  test.each(['light', 'dark'] as const)('opens in %s without a complaint, and can be read', async (colorScheme) => {
    const { page, complaints } = await browser.open(url, { colorScheme });
    const { texts, poor } = (await page.evaluate(poorContrast)) as { texts: number; poor: string[] };
    expect(texts).toBeGreaterThan(100);
    expect(poor).toEqual([]);
    expect(await page.locator('h1').textContent()).toBe('example');
    expect(await complaints()).toEqual([]);
  });

  test('runs nothing of what rules say, and shows it', async () => {
    const { page } = await browser.open(url);
    expect(await page.evaluate('document.querySelectorAll("script, img, b[onx]").length')).toBe(0);
    expect(await page.locator('article').first().textContent()).toBeTruthy();
    expect(await page.locator('code.rule').allTextContents()).toContainEqual(
      expect.stringContaining('<script>alert(1)</script>'),
    );
  });

  test('leads from a rule to its line, which opens', async () => {
    const { page } = await browser.open(url);
    const link = page.locator('article a[href^="#v4-"]').first();
    const id = (await link.getAttribute('href'))?.slice(1) ?? '';
    await link.click();
    await expect.poll(() => page.locator(`[id="${id}"]`).isVisible()).toBe(true);
  });

  test('says severities in words, and fits a telephone', async () => {
    const { page } = await browser.open(url, { viewport: { width: 375, height: 800 } });
    const words = await page.locator('article .severity').allTextContents();
    expect(words.length).toBeGreaterThan(3);
    for (const word of words) expect(['critical', 'high', 'medium', 'low', 'info']).toContain(word);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
  });

  test('prints black on white, whatever the screen has', async () => {
    const { page } = await browser.open(url, { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const ink = await page.evaluate('getComputedStyle(document.querySelector("article p")).color');
    expect(ink).toBe('rgb(22, 27, 34)');
    expect(await page.locator('details').first().isVisible()).toBe(false);
    const pdf = await page.pdf();
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  });
});

test('the JUnit report is XML', async () => {
  const { page } = await browser.open(url);
  const read = `((text) => {
    const document = new DOMParser().parseFromString(text, 'application/xml');
    return [document.querySelectorAll('parsererror').length, document.querySelectorAll('testcase').length];
  })(${JSON.stringify(junit.write(dossier))})`;
  const [errors, cases] = (await page.evaluate(read)) as [number, number];
  expect(errors).toBe(0);
  expect(cases).toBeGreaterThan(10);
});
