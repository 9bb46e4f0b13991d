import { type HostTexts, type TextName, type TextRead, textNames } from '../../model/host/index.ts';
import { pack } from './file.ts';
import type { signWith } from './signature.ts';
import { type Snapshot, type SnapshotMeta, stateOf } from './snapshot.ts';

const unused: TextRead = { read: false, why: 'unused', tool: 'a tool', detail: 'nothing is there' };

/** A host that says only this. */
export function textsWith(said: Partial<Record<TextName, string>>): HostTexts {
  const texts = textNames.map((name): [TextName, TextRead] => {
    const text = said[name];
    return [name, text === undefined ? unused : { read: true, text, command: name, warnings: '' }];
  });
  return { name: 'example', readAt: 1_796_000_000_000, texts: Object.fromEntries(texts) as HostTexts['texts'], software: null };
}

export const rules =
  '*filter\n:INPUT DROP [3:180]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [9:1]\n[7:420] -A INPUT -i lo -j ACCEPT\nCOMMIT\n';

export function snapshotWith(
  meta: Partial<SnapshotMeta> = {},
  said: Partial<Record<TextName, string>> = { nftSave4: rules },
): Snapshot {
  const body = {
    texts: textsWith(said),
    recent: { sshd: 'src=192.0.2.1 ttl: 64\n' },
    foreignNft: '',
    versions: { nft: 'nftables v1.0.6' },
    own: null,
  };
  return {
    ...body,
    meta: {
      at: body.texts.readAt,
      number: 1,
      reason: 'created',
      tag: null,
      host: 'example',
      kernel: '6.1.0',
      counts: { rules4: 1, rules6: 0, sets: 0, members: 0 },
      state: stateOf(body),
      unproved: null,
      ...meta,
    },
  };
}

export function packed(
  meta: Partial<SnapshotMeta> = {},
  sign: ReturnType<typeof signWith> | null = null,
): ReturnType<typeof pack> {
  return pack(snapshotWith(meta), sign);
}
