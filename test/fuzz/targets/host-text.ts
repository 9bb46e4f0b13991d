import {
  type Host,
  hostFromTexts,
  type SoftwareName,
  type SoftwareTexts,
  softwareNames,
  type TextName,
  type TextRead,
  textNames,
} from '../../../src/model/host/index.ts';
import { changedJson, largeJson } from '../json-text.ts';
import { promise } from '../promises.ts';
import type { Random } from '../random.ts';
import { filled, type Target } from '../target.ts';
import { samples, softwareSamples, toolTexts } from '../tool-texts.ts';

const pieces = [
  ...' \t\n\r\0"\'\\[](){}<>:,.=*%/-+#@_0a\xff',
  ...[
    '\n\n',
    '  [ ',
    ' ]\n',
    'ip filter ',
    'users:(("',
    '",pid=1,fd=2))',
    ',("',
    'reg 1 ',
    'payload load 1b @ link header + 0 => reg 1 ',
  ],
  ...[
    '99999999999999999999',
    '-1',
    '0x',
    '::',
    '0.0.0.0:*',
    '10.0.0.0/33',
    'null',
    '[]',
    '{}',
    '{"chain":{}}',
    'default',
    '\xe2\x82\xac',
  ],
  ...["# Table `x' is incompatible, use 'nft' tool.\n", '\nfilter show dev ', 'x'.repeat(50)],
];

/** What one of the tools prints of a machine. The first word of an input says which. */
export const hostText: Target<string> = {
  name: 'texts of tools',
  make(random) {
    const [name, sample] = random.pick(toolTexts);
    const json = /^[[{]/.test(sample) && !sample.includes('\n') && random.once(2);
    return `${name} ${json ? changedJson(JSON.parse(sample), random) : edited(sample, random)}`;
  },
  makeLarge(random) {
    const [name, sample] = random.pick(toolTexts);
    const json = /^[[{]/.test(sample) && !sample.includes('\n');
    const lines = sample.split('\n').filter((line) => line !== '');
    const line = random.pick(lines);
    const at = random.nat(line.length + 1);
    const kinds = [
      () => filled(sample),
      () => filled(`${line}\n`),
      () => filled(`${edited(line, random)}\n`),
      () => `${sample}${filled(`${random.pick(pieces)}\n`)}`,
      () => line.slice(0, at) + filled(random.pick(pieces)) + line.slice(at),
      () => filled(line),
    ];
    return `${name} ${json && random.once(2) ? largeJson(JSON.parse(sample), random) : random.pick(kinds)()}`;
  },
  check(input) {
    const [, name = '', text = ''] = /^([\w-]+) ([\s\S]*)$/.exec(input) ?? [];
    const read = (of: TextName): TextRead => ({ read: true, text: of === name ? text : quiet(of), command: 'C', warnings: '' });
    const texts = Object.fromEntries(textNames.map((of) => [of, read(of)])) as Record<TextName, TextRead>;
    const host = hostFromTexts({ name: 'h', readAt: 0, texts, software: softwareWith(name, text) });
    return Object.entries(host).every(([key, fact]) => factHolds(key, fact));
  },
};

/** The texts that go with it: of Debian, unless it is of another family. */
function softwareWith(name: string, text: string): SoftwareTexts {
  const family = /^(?:rpm|dnf)/.test(name)
    ? (['rpm', 'dnf', 'dnf-security'] as const)
    : name.startsWith('zypper')
      ? (['rpm', 'zypper', 'zypper-security'] as const)
      : name.startsWith('apk')
        ? (['apk', 'apk-upgrades'] as const)
        : (['dpkg', 'apt', 'apt-periodic'] as const);
  const names: readonly string[] = ['os-release', ...family, 'dnf-automatic', 'timers', 'lists', 'reboot', 'needrestart'];
  const read = (of: SoftwareName): TextRead => {
    const usual = of === 'reboot' || of === 'needrestart' ? '' : softwareSamples[of];
    return { read: true, text: of === name ? text : usual, command: 'C', warnings: '' };
  };
  return Object.fromEntries(softwareNames.flatMap((of) => (names.includes(of) ? [[of, read(of)]] : [])));
}

/** Nothing of the kind, as the tool says it. */
function quiet(name: TextName): string {
  if (name === 'nftChains' || name === 'flowtables') return '{"nftables": []}';
  const spoken: readonly TextName[] = ['kernel', 'sysctls', 'xfrm', 'processes', 'conntrackLosses'];
  return spoken.includes(name) ? (samples[name][0] ?? '') : '';
}

function edited(text: string, random: Random): string {
  let changed = text;
  for (let edit = random.nat(4); edit > 0; edit -= 1) {
    const at = random.nat(changed.length + 1);
    const behind = changed.slice(at + random.nat(random.once(4) ? 40 : 3));
    changed = changed.slice(0, at) + (random.once(6) ? '' : random.pick(pieces)) + behind;
  }
  return changed;
}

/** Whether all of it is known; what is not says why and what to do, in a few lines. */
function factHolds(key: string, fact: Host[keyof Host]): boolean {
  if (typeof fact !== 'object') return true;
  if (!('known' in fact)) return Object.entries(fact).every(([family, each]) => factHolds(`${key} ${family}`, each));
  if (fact.known) return true;
  for (const sentence of [fact.why, fact.remedy]) {
    promise(sentence !== '', `${key} says why it is not known and what to do`);
    promise(sentence.length <= 900, `of ${key} is said in ${sentence.length} characters: ${sentence.slice(0, 80)}`);
  }
  return false;
}
