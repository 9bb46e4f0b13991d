import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { exampleHost } from '../../audit/example-host.ts';
import { filter, guide, oneLink } from '../../audit/examples.ts';
import { booting, enabled, file } from '../../audit/host-examples.ts';
import { type OwnRecord, ownOf, writeRecord } from '../../change/index.ts';
import { createKernel } from '../../kernel/index.ts';
import { records } from '../changing/records.ts';
import { standingOf } from './persistence.ts';

const kernel = createKernel();
const folder = mkdtempSync(join(tmpdir(), 'palisade-persistence-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const persistent = [
  enabled('netfilter-persistent.service'),
  { path: '/usr/share/netfilter-persistent/plugins.d/15-ip4tables', mode: '0755' },
];
const palisade = [
  enabled('palisade-rules.service'),
  file(
    '/etc/systemd/system/palisade-rules.service',
    '[Unit]\nBefore=network-pre.target\n[Service]\nExecStart=/bin/sh /etc/palisade/boot.sh rules /var/lib/palisade\n[Install]\nWantedBy=sysinit.target\n',
  ),
];
const saved = (text: string): object => file('/etc/iptables/rules.v4', text);
const own = filter([
  ':PAL-IN - [0:0]',
  '-A INPUT -j PAL-IN',
  '-A PAL-IN -p tcp -m tcp --dport 22 -j ACCEPT',
  '-A PAL-IN -j DROP',
]);
const mine = (text: string): string =>
  text.replace('-A INPUT -j PAL-IN\n', '-A INPUT -s 192.0.2.7/32 -j DROP\n-A INPUT -j PAL-IN\n');

/** A state folder in which the own part of these rules was confirmed for the next start. */
function stateWith(v4: string | null, changed = false): string {
  const state = mkdtempSync(join(folder, 'state-'));
  if (v4 === null) return state;
  const ruleset = exampleHost({ v4 }).rulesets[4];
  const families = { 4: ruleset.known ? ownOf(ruleset.value) : [], 6: [] };
  const record: OwnRecord = { at: 5, backend: 'nft', policy: null, families, sets: [], emergency: null, basis: null };
  writeRecord(records(state).confirmed, record);
  mkdirSync(join(state, 'boot/5'), { recursive: true });
  writeFileSync(join(state, 'boot/5/where'), 'host\n');
  symlinkSync('5', join(state, 'boot/current'));
  if (changed) writeRecord(records(state).confirmed, { ...record, at: 6 });
  return state;
}

it.each([
  ['nothing loads the rules', guide, [], null, { stands: 'nothing-saved', source: 'nobody' }],
  ['no rules, and nothing loads any', filter([], { INPUT: 'ACCEPT', FORWARD: 'ACCEPT' }), [], null, { stands: 'same' }],
  [
    'a file with the same rules in other words',
    filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT']),
    [...persistent, saved(filter(['-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT']))],
    null,
    { stands: 'same', source: 'netfilter-persistent.service (/etc/iptables/rules.v4)' },
  ],
  [
    'a file with another port',
    filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']),
    [...persistent, saved(filter(['-A INPUT -p tcp -m tcp --dport 2222 -j ACCEPT']))],
    null,
    {
      stands: 'differs',
      why: expect.stringMatching(/ is (?:accepted|dropped) now and (?:accepted|dropped) after a start\.$/),
      packets: { ways: [{ hook: 'input', equal: false }, { equal: true }, { equal: true }] },
    },
  ],
  [
    'a file that opens everything',
    guide,
    [...persistent, saved(filter([], { INPUT: 'ACCEPT', FORWARD: 'ACCEPT' }))],
    null,
    {
      stands: 'differs',
      packets: {
        opened: [
          { hook: 'input', exact: true },
          { hook: 'forward', exact: true },
        ],
      },
    },
  ],
  ['a file that is not there', guide, persistent, null, { stands: 'nothing-saved', why: '/etc/iptables/rules.v4 is not there' }],
  ['a file that cannot be loaded', guide, [...persistent, saved(guide.replace('COMMIT\n', ''))], null, { stands: 'differs' }],
  ['ufw makes them', guide, [enabled('ufw.service')], null, { stands: 'unknown', source: 'ufw.service' }],
  ['palisade brings back what was confirmed', own, palisade, own, { stands: 'same', source: 'palisade' }],
  [
    'what stands behind it and is never met is nothing',
    own.replace('-j PAL-IN\n', '-j PAL-IN\n-A INPUT -s 192.0.2.7/32 -j DROP\n'),
    palisade,
    own,
    { stands: 'same' },
  ],
  ['and nobody what others have', mine(own), palisade, own, { stands: 'differs', source: 'palisade' }],
  [
    'and a file what others have',
    mine(own),
    [...palisade, ...persistent, saved(filter(['-A INPUT -s 192.0.2.7/32 -j DROP'], { INPUT: 'ACCEPT' }))],
    own,
    { stands: 'same', source: 'netfilter-persistent.service (/etc/iptables/rules.v4), palisade' },
  ],
  ['its own was changed by hand since', own.replace('--dport 22', '--dport 23'), palisade, own, { stands: 'differs' }],
  ['units of palisade’s without anything confirmed', own, palisade, null, { stands: 'nothing-saved' }],
] as const)('%s', async (_, v4, files, confirmed, said) => {
  const host = exampleHost({ v4, facts: { ...oneLink, processes: booting, files } });
  const context = { stateFolder: stateWith(confirmed), kernel, signal: new AbortController().signal };
  expect(await standingOf(context, host, 4, 5)).toMatchObject({ kind: 'boot', family: 4, ...said });
});

it('what was not written for the start, or is not to be known, is said so', async () => {
  const facts = { ...oneLink, processes: booting, files: palisade };
  const context = { stateFolder: stateWith(own, true), kernel, signal: new AbortController().signal };
  expect(await standingOf(context, exampleHost({ v4: own, facts }), 4, 5)).toMatchObject({
    stands: 'unknown',
    why: expect.stringContaining('not what was confirmed last'),
  });
  const inside = { ...facts, processes: [{ pid: 1, name: 'nginx' }] };
  expect(await standingOf(context, exampleHost({ v4: own, facts: inside }), 4, 5)).toMatchObject({ stands: 'unknown' });
});
