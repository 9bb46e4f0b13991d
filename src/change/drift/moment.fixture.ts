import { type TextName, type TextRead, textNames } from '../../model/host/index.ts';
import { type Moment, momentOf } from './drift.ts';

const noChains = '{"nftables": [{"metainfo": {}}]}';

/** A host as its tools would print it; what is left out is empty. */
export function momentWith(said: Partial<Record<TextName, string>>, foreignNft = '', readAt = 1_800_000_000_000): Moment {
  const read = (name: TextName): TextRead => ({
    read: true,
    text: said[name] ?? (name === 'nftChains' ? noChains : ''),
    command: name,
    warnings: '',
  });
  const texts = Object.fromEntries(textNames.map((name) => [name, read(name)])) as Record<TextName, TextRead>;
  return momentOf({ texts: { name: 'host', readAt, texts, software: null }, foreignNft });
}

/** One table `filter` as iptables-nft-save prints it. */
export function filterTable(rules: readonly string[], policies: Readonly<Record<string, string>> = {}): string {
  const builtin = ['INPUT', 'FORWARD', 'OUTPUT'].map((chain) => `:${chain} ${policies[chain] ?? 'ACCEPT'} [0:0]`);
  return `*filter\n${[...builtin, ...rules].join('\n')}\nCOMMIT\n`;
}
