import { expect, test } from 'vitest';
import { hostFromTexts } from './live.ts';
import { type HostTexts, type TextName, type TextRead, textNames } from './texts.ts';

const said = (text: string, command = 'tool'): TextRead => ({ read: true, text, command, warnings: '' });
const notRead = (why: Extract<TextRead, { read: false }>['why'], tool = 'tool', detail = 'the detail'): TextRead => ({
  read: false,
  why,
  tool,
  detail,
});

const chains = said('{"nftables": [{"metainfo": {}}]}', 'nft -j list chains');

/** A machine without rules, with some readings exchanged. */
function texts(changed: Partial<Record<TextName, TextRead>> = {}): HostTexts {
  const all = Object.fromEntries(textNames.map((name) => [name, said('', name)])) as Record<TextName, TextRead>;
  return { name: 'web1', readAt: 1, texts: { ...all, nftChains: chains, ...changed }, software: null };
}

const save = said(
  '*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n',
  'iptables-nft-save -c',
);

function why(fact: { known: boolean; why?: string; remedy?: string }): string {
  return fact.known ? 'known' : `${fact.why} | ${fact.remedy}`;
}

test('no output at all is no rules only when nft shows none either', () => {
  expect(hostFromTexts(texts()).rulesets[4]).toMatchObject({ known: true, value: { tables: [] } });
  const busy = said(
    '{"nftables": [{"chain": {"family": "ip", "table": "filter", "name": "INPUT", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]}',
  );
  expect(why(hostFromTexts(texts({ nftChains: busy })).rulesets[4])).toMatch(/printed nothing, but nft has chains in ip filter/);
  expect(hostFromTexts(texts({ nftChains: busy })).rulesets[6]).toMatchObject({ known: true });
  for (const reason of ['missing', 'rights', 'failed', 'timeout', 'too-large'] as const) {
    expect(why(hostFromTexts(texts({ nftChains: notRead(reason, 'nft') })).rulesets[4])).toMatch(/alone does not prove/);
  }
  expect(hostFromTexts(texts({ nftChains: notRead('unused', 'nft') })).rulesets[4]).toMatchObject({ known: true });
});

test.each([
  ['missing', /iptables-nft-save is not installed \| install iptables/],
  ['rights', /only root may read the IPv4 rules of the nft backend \| run palisade as root/],
  ['failed', /could not be read: the detail \| run iptables-nft-save by hand/],
  ['timeout', /could not be read: the detail \| run iptables-nft-save by hand/],
  ['too-large', /too many to read: the detail/],
] as const)('a backend that was not read (%s) makes the rules unknown, whatever the other holds', (reason, message) => {
  const nft = hostFromTexts(texts({ nftSave4: notRead(reason, 'iptables-nft-save'), legacySave4: save }));
  expect(why(nft.rulesets[4])).toMatch(message);
  expect(why(nft.backends[4])).toMatch(message);
  expect(nft.rulesets[6].known).toBe(true);
  const legacy = hostFromTexts(texts({ nftSave4: save, legacySave4: notRead(reason, 'iptables-legacy-save') }));
  expect(legacy.rulesets[4].known).toBe(false);
  expect(hostFromTexts(texts({ nftSave4: save, legacySave4: notRead(reason) }), { backend: 'nft' }).rulesets[4].known).toBe(true);
});

test('a backend that is not in use is none', () => {
  const host = hostFromTexts(texts({ nftSave4: notRead('unused'), legacySave4: save }));
  expect(host.rulesets[4]).toMatchObject({ known: true, value: { file: 'iptables-nft-save -c' } });
  expect(host.backends[4]).toMatchObject({ known: true, value: { nft: null, legacy: { family: 4 } } });
});

test('tables that iptables-save could not show', () => {
  const hidden = said("# Table `filter' is incompatible, use 'nft' tool.\n", 'iptables-nft-save -c');
  expect(why(hostFromTexts(texts({ nftSave4: hidden })).rulesets[4])).toMatch(/cannot show ip filter/);
  const odd = said(`${save.read && save.text}# Table \`nat' contains incompatible base-chains, use 'nft' tool to list them.\n`);
  expect(why(hostFromTexts(texts({ nftSave6: odd })).rulesets[6])).toMatch(/cannot show ip6 nat/);
});

test('rules that are not understood are unknown, with their line', () => {
  const broken = said('*filter\n:INPUT DROP [0:0]\n-A INPUT -s 300.1.2.3 -j ACCEPT\nCOMMIT\n', 'iptables-nft-save -c');
  expect(why(hostFromTexts(texts({ nftSave4: broken })).rulesets[4])).toMatch(/^iptables-nft-save -c:3:\d+: /);
});

test('outputs of other forms are unknown, not empty', () => {
  const odd = said('something else', 'a command');
  const host = hostFromTexts(
    texts({
      nftChains: odd,
      ipsets: odd,
      links: odd,
      addresses: said('[{"ifname":"lo","addr_info":[{"local":"x"}]}]'),
      routes4: odd,
      listeners: odd,
    }),
  );
  for (const fact of [host.foreignChains, host.sets, host.links, host.addresses, host.routes, host.listeners]) {
    expect(why(fact)).toMatch(/could not be understood: .* \| please report it/);
  }
});

test('a base chain whose rules nft did not list is not passed off as empty', () => {
  const one =
    '{"nftables": [{"chain": {"family": "inet", "table": "fw", "name": "c", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]}';
  expect(why(hostFromTexts(texts({ nftChains: said(one) })).foreignChains)).toMatch(/did not list the rules of inet fw c/);
  const listed = `${one}\n{"nftables": [{"chain": {"family": "inet", "table": "fw", "name": "c"}}, {"rule": {}}, {"rule": {}}]}`;
  expect(hostFromTexts(texts({ nftChains: said(listed) })).foreignChains).toMatchObject({
    known: true,
    value: [{ policy: 'drop', rules: 2 }],
  });
});

test('where there is no IPv6, routes of IPv4 are all routes', () => {
  const failing = { routes4: said('[{"dst":"default","gateway":"192.0.2.1","dev":"eth0"}]'), routes6: notRead('failed', 'ip') };
  expect(hostFromTexts(texts({ ...failing, sysctls: said('net.ipv4.ip_forward = 0\n') })).routes).toMatchObject({
    known: true,
    value: [{ family: 4 }],
  });
  expect(hostFromTexts(texts({ ...failing, sysctls: said('net.ipv6.conf.all.forwarding = 0\n') })).routes.known).toBe(false);
});

test('settings keep their blanks inside', () => {
  const { sysctls } = hostFromTexts(
    texts({ sysctls: said('net.ipv4.ip_local_port_range = 32768\t60999\nkernel.printk = 4\t4\t1\t7') }),
  );
  expect(sysctls).toMatchObject({ known: true });
  expect(sysctls.known && [...sysctls.value]).toEqual([
    ['net.ipv4.ip_local_port_range', '32768\t60999'],
    ['kernel.printk', '4\t4\t1\t7'],
  ]);
});

/** As iproute2 6.1 printed it for a generic program on a veth, and as its ip/iplink_vrf.c prints the table of a VRF. */
const oddLinks = JSON.stringify([
  {
    ifname: 'eth0',
    flags: ['UP'],
    xdp: {
      mode: 2,
      prog: { id: 16 },
      attached: [{ mode: 2, prog: { id: 16, name: 'witness', tag: '614b434cd8324ecc', jited: 1 } }],
    },
    linkinfo: { info_kind: 'veth' },
  },
  { ifname: 'blue', flags: ['UP'], linkinfo: { info_kind: 'vrf', info_data: { table: 10 } } },
]);

test('XDP programs of a link, and the table of a VRF', () => {
  const { links } = hostFromTexts(texts({ links: said(oddLinks) }));
  expect(links).toMatchObject({
    value: [
      { name: 'eth0', kind: 'veth', vrfTable: null, xdp: [{ mode: 'generic', id: 16, name: 'witness' }] },
      { name: 'blue', kind: 'vrf', vrfTable: '10', xdp: [] },
    ],
  });
});

test('flowtables, of one link or several (libnftables-json(5))', () => {
  const listing = {
    nftables: [
      { metainfo: { version: '1.0.6' } },
      { flowtable: { family: 'inet', name: 'a', table: 't', handle: 1, hook: 'ingress', prio: 5, dev: ['eth0', 'eth1'] } },
      { flowtable: { family: 'ip', name: 'b', table: 't', handle: 2, hook: 'ingress', prio: 0, dev: 'eth0' } },
    ],
  };
  expect(hostFromTexts(texts({ flowtables: said(JSON.stringify(listing)) })).flowtables).toMatchObject({
    value: [
      { family: 'inet', table: 't', name: 'a', priority: 5, links: ['eth0', 'eth1'] },
      { family: 'ip', name: 'b', links: ['eth0'] },
    ],
  });
});

test('what some tool prints in a form that is not known makes its fact unknown', () => {
  const odd = said('[{"nonsense": 1}]', 'the tool');
  const host = hostFromTexts(
    texts({
      rules4: odd,
      flowtables: said('{'),
      traffic: odd,
      sessions: odd,
      packetReaders: odd,
      xfrm: odd,
      namespaces: odd,
    }),
  );
  const facts = [host.routingRules[4], host.flowtables, host.sessions, host.packetReaders, host.xfrm];
  for (const fact of [...facts, host.namespaces]) expect(why(fact)).toMatch(/could not be understood.*please report it/);
});

test('what the kernel lacks holds nothing; what was not read is unknown', () => {
  const unused = notRead('unused');
  const host = hostFromTexts(
    texts({ flowtables: unused, xfrm: unused, tcx: unused, expectations: unused, nftRules4: unused, ipsets: unused }),
  );
  for (const fact of [host.flowtables, host.xfrm, host.traffic, host.expectations, host.nativeRules[4], host.sets])
    expect(fact.known).toBe(true);
  for (const reason of ['too-large', 'timeout'] as const) {
    const unsure = hostFromTexts(texts({ nftSave4: save, nftRules4: notRead(reason, 'nft') }));
    expect(unsure.rulesets[4].known).toBe(true);
    expect(why(unsure.nativeRules[4])).toMatch(/was not looked for: the detail \| put the addresses into an ipset/);
  }
  const noPrograms = hostFromTexts(texts({ tcx: notRead('missing', 'koffi') }));
  expect(why(noPrograms.traffic)).toMatch(/koffi is not installed \| install palisade with its optional dependencies/);
});

test('sessions whose process cannot be seen are those to the port of ssh', () => {
  const rows = [
    '0 0 198.51.100.10:22 192.0.2.7:50312',
    '0 36 [::ffff:198.51.100.10]:22 [::ffff:192.0.2.8]:50313',
    '0 0 198.51.100.10:443 192.0.2.9:50314',
  ];
  const { sessions } = hostFromTexts(texts({ sessions: said(rows.join('\n')) }));
  expect(sessions).toMatchObject({
    value: [
      { localPort: 22, peer: { family: 4, value: 0xc0000207n }, peerPort: 50312, process: null },
      { local: { family: 4 }, peer: { family: 4, value: 0xc0000208n } },
    ],
  });
});

test('settings that the kernel does not have mean that the part is not there', () => {
  const { conntrack, bridgeFilter, logBackends } = hostFromTexts(texts({ sysctls: said('net.ipv4.ip_forward = 0') }));
  expect([conntrack, bridgeFilter]).toEqual([
    { known: true, value: null },
    { known: true, value: null },
  ]);
  expect(logBackends).toMatchObject({ value: { 4: null, 6: null, allNamespaces: null } });
});

test('a number of programs that no kernel can have is not believed', () => {
  const of = (count: string) => hostFromTexts(texts({ tcx: said(`eth0 ingress ${count}\n`), traffic: said('[]') })).traffic;
  expect(of('3')).toMatchObject({ known: true, value: [{ link: 'eth0', filters: { length: 3 } }] });
  expect(of('99999999999999999999').known).toBe(false);
});

test('what tools print is quoted in a few words only', () => {
  const long = 'x\t'.repeat(100_000);
  const hidden = said(`# Table \`${long}' is incompatible, use 'nft' tool.\n`);
  const odd = said(JSON.stringify({ nftables: [{ chain: { family: 'inet', table: long, name: 'c', hook: 'input', prio: 0 } }] }));
  const native = said(`ip ${'t'.repeat(5000)} ${'c '.repeat(5000)}1\n  [ immediate reg 0 drop ]\n`);
  for (const changed of [{ nftSave4: hidden }, { nftChains: odd }, { nftSave4: save, nftRules4: native }]) {
    const host = hostFromTexts(texts(changed));
    const facts = [host.rulesets[4], host.rulesets[6], host.foreignChains, host.backends[4]];
    expect(facts.some(({ known }) => !known)).toBe(true);
    for (const fact of facts) expect(why(fact).length).toBeLessThan(1200);
  }
});
