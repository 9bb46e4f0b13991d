import { afterAll, beforeAll, expect, test } from 'vitest';
import { poorContrast } from './browser.ts';
import { type Dashboards, dashboards } from './dashboards.ts';
import { fixture, logged } from './fixture.ts';

/** The page for everybody: contrast, widths, keyboard, motion. */

let browser: Dashboards;
beforeAll(async () => {
  browser = await dashboards();
}, 60_000);
afterAll(() => browser[Symbol.asyncDispose]());

test.each(['light', 'dark'] as const)('every text can be read (WCAG AA) when it is %s', async (colorScheme) => {
  const { page, tell } = await browser.show(fixture([logged()]), { colorScheme });
  tell({ kind: 'lost', at: Date.now(), count: 3 });
  for (const finding of await page.locator('.finding:not(:first-child) summary').all()) await finding.click();
  await page.getByLabel('Source', { exact: true }).fill('203.0.113.9');
  await page.getByLabel('Port', { exact: true }).fill('2222');
  await page.getByRole('button', { name: 'Trace', exact: true }).click();
  await page.getByText('DEPENDS', { exact: true }).waitFor();
  await page.getByPlaceholder('Filter').fill('tcp');
  const { texts, poor } = (await page.evaluate(poorContrast)) as { texts: number; poor: string[] };
  expect(texts).toBeGreaterThan(200);
  expect(poor).toEqual([]);
});

test.each([360, 640, 768, 1080, 1440, 1900, 2560])('nothing sticks out at %i px', async (width) => {
  const { page } = await browser.show(
    fixture([logged({ src: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff9', dst: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff7' })]),
    {
      viewport: { width, height: 900 },
    },
  );
  for (const finding of await page.locator('.finding:not(:first-child) summary').all()) await finding.click();
  await page.locator('.finding').nth(4).getByRole('button', { name: 'Trace this packet' }).click();
  await page.locator('.traced').waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
});

test('everything can be reached by keyboard, and one sees where one is', async () => {
  const { page } = await browser.show(fixture([logged()]));
  const reached = new Set<string>();
  for (let count = 0; count < 120; count += 1) {
    await page.keyboard.press('Tab');
    const [name, outline] = (await page.evaluate(
      "[document.activeElement.getAttribute('aria-label') ?? document.activeElement.name ?? document.activeElement.textContent, getComputedStyle(document.activeElement).outlineStyle]",
    )) as [string, string];
    reached.add(name || ((await page.evaluate('document.activeElement.textContent')) as string));
    if ((await page.evaluate('document.activeElement === document.body')) === false) expect(outline, name).not.toBe('none');
  }
  for (const name of [
    'Skip to the findings',
    'src',
    'dport',
    'Pause',
    'filter',
    'Logged packets, newest first',
    'Rules of chain INPUT in IPv4 filter',
    'FW-BASE-05',
  ]) {
    expect([...reached], name).toContain(name);
  }
});

test('who wants no motion gets none', async () => {
  const { page } = await browser.show(fixture(), { reducedMotion: 'reduce' });
  expect(await page.evaluate('getComputedStyle(document.documentElement).scrollBehavior')).toBe('auto');
  expect(await page.evaluate('document.getAnimations().length')).toBe(0);
});
