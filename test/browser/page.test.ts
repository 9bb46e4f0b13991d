import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { RulesetJson } from '../../src/verbs/shapes.ts';
import { type Dashboards, dashboards } from './dashboards.ts';
import { fixture, incident, logged, ruleset, status } from './fixture.ts';

/** Asks until it is so; other tests may use the same processors meanwhile. */
const eventually = <T>(ask: () => T | Promise<T>) => expect.poll(ask, { timeout: 10_000 });

let browser: Dashboards;
beforeAll(async () => {
  browser = await dashboards();
}, 60_000);
afterAll(() => browser[Symbol.asyncDispose]());

const isInView = (selector: string): string =>
  `(() => { const box = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; })()`;

test('the verdict comes first, and the token leaves the address bar', async () => {
  const { page, complaints } = await browser.show();
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('web1: NOT protected.');
  expect((await page.locator('.verdict .counts').innerText()).replace(/\s+/g, ' ')).toBe(
    '! 2 critical 3 high 2 medium 1 low 1 info ? 2 unknown'.slice(2),
  );
  expect(await page.title()).toBe('web1: NOT protected. – palisade');
  expect(page.url()).not.toContain('token');
  expect(await page.evaluate('history.length')).toBeLessThanOrEqual(2);
  expect(await page.evaluate('moved')).toBeLessThan(0.01);
  expect(await complaints()).toEqual([]);
});

test('findings: worst first, each with its packet in words, its fix to copy and links to its rules', async () => {
  const { page, complaints } = await browser.show(fixture(), { permissions: ['clipboard-read', 'clipboard-write'] });
  const findings = page.locator('.finding');
  expect(await findings.locator('summary .severity').allInnerTexts()).toEqual(status.findings.map(({ severity }) => severity));
  expect(await findings.nth(3).locator('.witness').innerText()).toBe(
    'A packet from 127.0.0.1 to tcp port 8080 over loopback is dropped by INPUT’s policy.',
  );
  const shadowed = findings.nth(2);
  await shadowed.locator('summary').focus();
  await page.keyboard.press('Enter');
  await shadowed.getByRole('button', { name: 'Copy the commands that mend FW-ANOM-01' }).click();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe('iptables -D INPUT 1');
  await shadowed.getByRole('link', { name: 'INPUT rule 6' }).click();
  await eventually(() => page.evaluate(isInView('#rule-4-filter-INPUT-6'))).toBe(true);
  expect(await complaints()).toEqual([]);
});

test('what is unknown is said with its reason and its remedy', async () => {
  const { page } = await browser.show();
  const unknown = page.getByRole('region', { name: 'Unknown' });
  expect(await unknown.getByRole('listitem').allInnerTexts()).toEqual([
    expect.stringMatching(/FW-BASE-02[\s\S]*ip_forward could not be read[\s\S]*run palisade as root/),
    expect.stringMatching(/FW-BACK-01[\s\S]*legacy rules could be there unseen[\s\S]*install the package/),
  ]);
});

test('where nothing could be read, nothing is praised or counted', async () => {
  const given = fixture();
  const reason = { why: 'only root may read the rules', remedy: 'run palisade as root' };
  const unknown = ['FW-BASE-01', 'FW-BASE-04'].map((id) => ({ id, ...reason }));
  const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  given.become({ ...status, protected: 'unknown', findings: [], counts, score: null, confidence: 0, unknown });
  const unread = { ...ruleset, families: [], unknown: [{ what: 'the IPv4 rules', ...reason }] };
  const { page } = await browser.show({ ...given, served: { ...given.served, show: async () => unread } });
  expect(await page.locator('.verdict .facts').innerText()).toMatch(/Score\s+none\s+Confidence\s+0 %/);
  expect(await page.getByRole('region', { name: 'Findings' }).innerText()).toContain('No check could be answered');
  expect(await page.getByRole('region', { name: 'Rules', exact: true }).innerText()).not.toContain('0 rules');
  // One reason is said once.
  expect(await page.getByRole('region', { name: 'Unknown' }).getByRole('listitem').allInnerTexts()).toEqual([
    expect.stringMatching(
      /the IPv4 rules\s+FW-BASE-01\s+FW-BASE-04[\s\S]*only root may read the rules[\s\S]*run palisade as root/,
    ),
  ]);
});

test('the rules: exact text, counters, marks of findings, and a filter', async () => {
  const { page } = await browser.show();
  const input = page.getByRole('region', { name: 'Rules of chain INPUT in IPv4 filter' });
  const rows = input.locator('tbody tr');
  await eventually(() => rows.count()).toBe(9);
  expect((await rows.nth(7).locator('.rule').innerText()).trim()).toBe(
    '-p tcp -m tcp --dport 22 -m comment --comment "ssh: nobody else <script>alert(1)</script>" -j DROP',
  );
  expect((await rows.nth(1).innerText()).replace(/\s+/g, ' ')).toContain('2 98,233 7.2 MB');
  // However live the list beside it is, counters are of the latest listing.
  const counted = new Date(ruleset.countedAt * 1000).toLocaleTimeString('en-GB');
  expect(await page.getByRole('region', { name: 'IPv4 rules' }).locator('.source').innerText()).toContain(
    `packets and bytes as of ${counted}`,
  );
  expect(await rows.nth(0).locator('.marks a').allInnerTexts()).toEqual(['causes FW-ANOM-01', 'FW-RATE-01']);

  await page.getByPlaceholder('Filter').fill('tcp 192.168');
  await eventually(() => rows.count()).toBe(1);
  expect(await rows.locator('mark').allInnerTexts()).toEqual(['192.168', 'tcp', 'tcp']);
  await eventually(() => page.locator('.rules .shown').innerText()).toBe('1 of 8 rules');
  await page.getByPlaceholder('Filter').fill('no such rule');
  expect(await page.getByText('No rule has all of this in it.').isVisible()).toBe(true);

  // A link to a rule that the filter hides makes room for it.
  await page.locator('.finding').nth(3).locator('summary').click();
  await page.locator('.finding').nth(3).getByRole('link', { name: 'INPUT’s policy' }).click();
  await eventually(() => page.evaluate(isInView('#rule-4-filter-INPUT-policy'))).toBe(true);
  expect(await page.getByPlaceholder('Filter').inputValue()).toBe('');

  await page.getByLabel('with findings').check();
  await eventually(() => page.locator('.rules .shown').innerText()).toBe('7 of 8 rules');
  await page.getByLabel('hit', { exact: true }).check();
  await eventually(() => page.locator('.rules .shown').innerText()).toBe('3 of 8 rules');
});

test('a family without rules is open, unless something else stands there that is not judged', async () => {
  const { page } = await browser.show();
  expect(await page.getByRole('region', { name: 'IPv6 rules' }).innerText()).toContain('Every IPv6 packet is accepted.');
  const foreign = ['inet firewalld filter_INPUT (filter on input, priority 10, policy accept)'];
  const given = fixture();
  given.become({ ...status, foreign });
  const other = await browser.show({ ...given, served: { ...given.served, show: async () => ({ ...ruleset, foreign }) } });
  const said = await other.page.getByRole('region', { name: 'IPv6 rules' }).innerText();
  expect(said).toContain('not judged');
  expect(said).not.toContain('accepted');
  expect(await other.page.locator('.foreign').innerText()).toContain('inet firewalld filter_INPUT');
});

test('a chain of 20,000 rules is drawn in parts, and a link finds the last', async () => {
  const given = fixture();
  const rules = Array.from({ length: 20_000 }, (_, index) => ({
    number: index + 1,
    line: index + 6,
    packets: 0,
    bytes: 0,
    text: `-A BLOCKED -s 10.${index >> 8}.${index & 255}.1/32 -j DROP`,
    comment: null,
    notUnderstood: [],
  }));
  const chain = { name: 'BLOCKED', policy: null, packets: null, bytes: null, rules };
  const large: RulesetJson = {
    ...ruleset,
    families: [{ family: 4, source: 'x', backend: 'nft', tables: [{ name: 'filter', chains: [chain] }] }],
  };
  const { page } = await browser.show({ ...given, served: { ...given.served, show: async () => large } });
  const rows = page.locator('.rules tbody tr');
  await eventually(() => rows.count()).toBe(200);
  await page.getByRole('button', { name: 'Show 200 more of 19,800' }).click();
  await eventually(() => rows.count()).toBe(400);
  await page.getByPlaceholder('Filter').fill('10.78.31.1/32');
  await eventually(() => rows.count()).toBe(1);
  await page.evaluate("location.hash = '#rule-4-filter-BLOCKED-20000'");
  await eventually(() => page.evaluate(isInView('#rule-4-filter-BLOCKED-20000'))).toBe(true);
});

test('tracing by hand: the way, where it ends, and the rows it passes', async () => {
  const { page, complaints } = await browser.show();
  const tracer = page.getByRole('region', { name: 'Trace a packet' });
  await tracer.getByLabel('Source', { exact: true }).fill('203.0.113.9');
  await tracer.getByLabel('Port', { exact: true }).fill('3306');
  await tracer.getByLabel('Port', { exact: true }).press('Enter');
  await eventually(() => tracer.locator('.fate').innerText()).toMatch(/DROP\s+by INPUT’s policy/);
  expect((await tracer.locator('.path li').first().innerText()).replace(/\s+/g, ' ')).toContain(
    'INPUT rule 4 perhaps log -m limit',
  );
  expect(await tracer.locator('pre').innerText()).toBe(
    'palisade trace --hook input --state NEW --proto tcp --src 203.0.113.9 --dst 198.51.100.10 --dport 3306 --flags SYN',
  );
  expect(await page.locator('.rules tr.on-path').evaluateAll((rows) => rows.map((row) => (row as { id: string }).id))).toEqual([
    'rule-4-filter-INPUT-4',
    'rule-4-filter-INPUT-policy',
  ]);

  await tracer.getByLabel('Port', { exact: true }).fill('2222');
  await tracer.getByRole('button', { name: 'Trace' }).click();
  await tracer.getByText('DEPENDS', { exact: true }).waitFor();
  expect((await tracer.locator('.endings li').allInnerTexts()).map((text) => text.replace(/\s+/g, ' '))).toEqual([
    expect.stringMatching(/^if -m recent .* matches: is dropped by INPUT rule 6$/),
    expect.stringMatching(/^if -m recent .* does not match: is accepted by INPUT rule 7$/),
  ]);

  await tracer.getByLabel('Source', { exact: true }).fill('nonsense');
  await tracer.getByRole('button', { name: 'Trace' }).click();
  await tracer.getByText('the packet’s src cannot be read').waitFor();
  // The answer of 400 stands in the console as a failed load; nothing else may.
  expect((await complaints()).filter((text) => !text.includes('status of 400'))).toEqual([]);
});

test('what a protocol does not have cannot be filled in', async () => {
  const { page } = await browser.show();
  const tracer = page.getByRole('region', { name: 'Trace a packet' });
  await tracer.getByText('More fields').click();
  expect(await tracer.getByLabel('ICMP type').isDisabled()).toBe(true);
  await tracer.getByLabel('Protocol').fill('icmp');
  expect(await tracer.getByLabel('ICMP type').isDisabled()).toBe(false);
  expect(await tracer.getByLabel('Port', { exact: true }).isDisabled()).toBe(true);
  await tracer.getByLabel('Way').selectOption('output');
  expect([
    await tracer.getByLabel('In', { exact: true }).isDisabled(),
    await tracer.getByLabel('Out', { exact: true }).isDisabled(),
  ]).toEqual([true, false]);
});

test('the packet of a finding is traced as it stands', async () => {
  const { page } = await browser.show();
  const answered = page.waitForRequest('**/api/v1/trace');
  await page.locator('.finding').nth(3).locator('summary').click();
  await page.locator('.finding').nth(3).getByRole('button', { name: 'Trace this packet' }).click();
  const { mark, icmpType, icmpCode, out, ...whole } =
    status.findings[3]?.witness?.packet ?? expect.fail('the fixture has a witness');
  expect([mark, icmpType, icmpCode, out]).toEqual([0, null, null, null]);
  expect((await answered).postDataJSON()).toEqual(whole);
  expect(await page.getByLabel('In', { exact: true }).inputValue()).toBe('lo');
});

test('dropped packets appear as they happen; pause holds them, loss is counted, their text is only text', async () => {
  const { page, tell, complaints } = await browser.show(fixture([logged()]));
  const list = page.locator('.events li');
  await eventually(() => list.count()).toBe(1);
  tell({ kind: 'event', event: logged({ dport: 8080, prefix: '<img src=x onerror=alert(1)>\u202eDROP' }) });
  await eventually(() => list.count()).toBe(2);
  const first = await list.first().innerText();
  expect(first).toMatch(/203\.0\.113\.9 → tcp 8080/);
  expect(first).toContain('<img src=x onerror=alert(1)>\\x{202e}DROP');

  await page.getByRole('button', { name: 'Pause' }).click();
  for (let count = 0; count < 3; count += 1) tell({ kind: 'event', event: logged({ dport: 9000 + count }) });
  tell({ kind: 'lost', at: Date.now(), count: 1234 });
  await page.getByText('paused, 3 newer ones').waitFor();
  await eventually(() => list.count()).toBe(2);
  await eventually(() => page.locator('.lost').innerText()).toBe('1,234 lost');
  await page.getByRole('button', { name: 'Go on' }).click();
  await eventually(() => list.count()).toBe(5);

  await list
    .first()
    .getByRole('button', { name: /^Trace/ })
    .click();
  await page.locator('.traced').waitFor();
  expect(await page.getByLabel('Port', { exact: true }).inputValue()).toBe('9002');
  expect(await complaints()).toEqual([]);
});

test('incidents stand with what goes on first, grow in place, and say why and who is shut out for them', async () => {
  const now = Date.now() / 1000;
  const scan = incident({ id: 'scan', title: '203.0.113.9 scanned <b>412</b> ports\u202e' });
  const { page, tell, complaints } = await browser.show(
    fixture([], { incidents: [incident({ id: 'old', state: 'closed' })], bans: [] }),
  );
  const list = page.locator('.incidents li');
  await eventually(() => list.count()).toBe(1);
  tell({ kind: 'incident', change: 'opened', incident: scan });
  await eventually(() => list.count()).toBe(2);
  tell({ kind: 'incident', change: 'grew', incident: { ...scan, events: 500 } });
  tell({
    kind: 'ban',
    acted: true,
    ban: {
      kind: 'ban',
      source: '203.0.113.9/32',
      at: now,
      until: now + 600,
      why: scan.title,
      reach: 'new',
      by: { kind: 'incident', detector: scan.detector, incident: 'scan' },
      before: 0,
    },
  });
  await eventually(() => list.first().innerText()).toMatch(
    /(?:HIGH|high)[\s\S]*<b>412<\/b> ports\\x\{202e\}[\s\S]*500 events.*shut out until \d\d:\d\d/,
  );
  expect(await list.count()).toBe(2);
  await list.first().locator('summary').click();
  await page.getByText('412 different ports; 12 are too many').first().waitFor();
  await page.getByText('1 open, 1 over').waitFor();
  expect(await complaints()).toEqual([]);
});

test('a flood of packets leaves the page bounded and answering', async () => {
  const { page, tell } = await browser.show();
  for (let round = 0; round < 50; round += 1) {
    for (let count = 0; count < 200; count += 1) tell({ kind: 'event', event: logged({ dport: count }) });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const total = async (): Promise<number> => {
    const [seen = 0, lost = 0] = (await page.locator('.tallies .number').allInnerTexts()).map((text) =>
      Number(text.replaceAll(',', '')),
    );
    return seen + lost;
  };
  await eventually(total).toBe(10_000);
  await eventually(() => page.locator('.events li').count()).toBe(300);
});

test('a new audit changes the verdict without a reload', async () => {
  const { page, tell, become } = await browser.show();
  become({
    ...status,
    protected: 'yes',
    findings: [],
    unknown: [],
    next: [],
    counts: { critical: 0, high: 0, medium: 0, low: 0, info: 0 },
  });
  tell({ kind: 'audited', at: Date.now(), changed: true });
  await page.getByRole('heading', { level: 1, name: 'web1: protected.' }).waitFor();
  await eventually(() => page.locator('.finding').count()).toBe(0);
  expect(await page.getByText('No check that could be answered found anything wrong.').isVisible()).toBe(true);
});

test('an unknown verdict never looks like a good one', async () => {
  const given = fixture();
  given.become({
    ...status,
    protected: 'unknown',
    findings: status.findings.slice(7),
    counts: { critical: 0, high: 0, medium: 0, low: 1, info: 1 },
  });
  const { page } = await browser.show(given);
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('web1: UNKNOWN whether protected.');
  expect(await page.locator('.verdict').getAttribute('class')).toContain('protected-unknown');
});

test('palisade stops: the page says so, keeps what it knows, and says what to do once it runs again', async () => {
  const { page, stop, port } = await browser.show();
  await stop();
  await page.getByRole('status').filter({ hasText: 'Reconnecting' }).waitFor();
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('web1: NOT protected.');
  expect(await page.locator('.facts').innerText()).toContain('Last read');

  const again = await browser.serve(fixture().served, port);
  onTestFinished(() => again.stop());
  await page.getByRole('heading', { name: 'The token is not accepted' }).waitFor();
  expect(await page.getByText('Copy the whole URL that palisade printed when it started').isVisible()).toBe(true);
  await page.getByLabel('URL or token').fill(again.url);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('heading', { level: 1, name: 'web1: NOT protected.' }).waitFor();
});

test('without a token the page says where to find it, and takes it in the address bar too', async () => {
  const server = await browser.serve(fixture().served);
  const { page, complaints } = await browser.open(server.url.replace(/#.*/, ''));
  onTestFinished(async () => {
    await page.context().close();
    await server.stop();
  });
  await page.getByRole('heading', { name: 'This page needs a token' }).waitFor();
  await page.getByLabel('URL or token').fill('http://127.0.0.1:7272/');
  await page.keyboard.press('Enter');
  await page.getByText('There is no token in this.').waitFor();
  await page.goto(server.url);
  await page.getByRole('heading', { level: 1, name: 'web1: NOT protected.' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'web1: NOT protected.' }).waitFor();
  expect(await complaints()).toEqual([]);
});

test('a wrong token is said to be one', async () => {
  const server = await browser.serve(fixture().served);
  const { page } = await browser.open(server.url.replace(/token=.*/, `token=${'A'.repeat(43)}`));
  onTestFinished(async () => {
    await page.context().close();
    await server.stop();
  });
  await page.getByRole('heading', { name: 'The token is not accepted' }).waitFor();
  expect(page.url()).not.toContain('AAAA');
});

test('the Content-Security-Policy stands: neither inline script nor text becomes code', async () => {
  const { page, complaints } = await browser.show();
  await page.evaluate("document.body.append(Object.assign(document.createElement('div'), { id: 'probe' }))");
  const inlined = `(() => { const script = document.createElement('script'); try { script.textContent = 'window.ran = true'; document.body.append(script); } catch (error) { return error.name; } })()`;
  expect(await page.evaluate(inlined)).toBe('TypeError');
  expect(
    await page.evaluate(
      "document.querySelector('#probe').setAttribute('style', 'color: red'); getComputedStyle(document.querySelector('#probe')).color",
    ),
  ).not.toBe('rgb(255, 0, 0)');
  expect(await page.evaluate('window.ran')).toBeUndefined();
  expect((await complaints()).join('\n')).toMatch(/require-trusted-types-for[\s\S]*style-src/);
});
