import { isChosen, missing } from './chosen.ts';
import { type CheckMode, type CheckResult, type CheckStatus, unknown, worstOf } from './mode.ts';
import { listed } from './words.ts';

type Chain = { readonly family: 4 | 6; readonly chain: 'INPUT' | 'FORWARD' };

const looked: readonly Chain[] = ([4, 6] as const).flatMap((family) =>
  (['INPUT', 'FORWARD'] as const).map((chain) => ({ family, chain })),
);

const named = ({ family, chain }: Chain): readonly string[] => [`${family}:${chain}`, chain, `${family}`, `${family}:*`];

export const policy: CheckMode = {
  name: 'policy',
  summary: 'whether INPUT and FORWARD drop what no rule lets in, in both families: CRITICAL where one accepts',
  measured: 'policies_accept',
  measures: {
    policies_accept: 'chains whose policy is ACCEPT',
    'policy_packets.CHAIN': 'packets that the policy of a chain decided',
  },
  heeds: { only: 'chains', except: 'chains' },
  run({ chains, backends }, _, options): CheckResult {
    if (!chains.known) return unknown(chains);
    const nothing = missing(looked.map(named), options);
    const asked = looked.filter((chain) => isChosen(named(chain), options));
    const found = asked.map(({ family, chain }) => {
      const name = `IPv${family} ${chain}`;
      const there = chains.value.find((one) => one.family === family && one.table === 'filter' && one.chain === chain);
      if (there !== undefined) {
        const { policy: says, packets } = there;
        return {
          name,
          label: `${family}:${chain}`,
          policy: says,
          packets,
          why: says === null ? 'its policy was not read' : null,
        };
      }
      const backend = backends.known ? backends.value.find((one) => one.family === family)?.backend : undefined;
      // Without any table of rules the kernel lets everything in: that is known, and the same as ACCEPT.
      if (backend === 'none')
        return { name: `${name} (no rules at all)`, label: '', policy: 'ACCEPT', packets: null, why: null } as const;
      return { name, label: '', policy: null, packets: null, why: 'nothing was read of it' };
    });
    const open = found.filter((one) => one.policy === 'ACCEPT');
    const unread = found.filter((one) => one.why !== null);
    const statuses: CheckStatus[] = [unread.length > 0 || nothing.length > 0 || asked.length === 0 ? 'UNKNOWN' : 'OK'];
    const words = [
      ...(open.length > 0
        ? [
            `ACCEPT in ${listed(
              open.map(({ name }) => name),
              4,
            )}`,
          ]
        : []),
      ...(unread.length > 0
        ? [
            `unknown in ${listed(
              unread.map(({ name }) => name),
              4,
            )}`,
          ]
        : []),
      ...nothing.map((name) => `there is no chain ${name} to look at: they are INPUT and FORWARD, 4:INPUT, 6:FORWARD`),
      ...(asked.length === 0 ? ['no chain is left to look at'] : []),
    ];
    return {
      status: worstOf(statuses),
      text:
        words.length > 0
          ? words.join('; ')
          : `DROP in ${listed(
              found.map(({ name }) => name),
              4,
            )}`,
      more: [
        ...unread.map(({ name, why }) => `unknown: ${name}: ${why}; palisade show says what can be read and what not`),
        ...found.filter((one) => one.why === null).map((one) => `${one.name}: ${one.policy}`),
      ],
      measures: [
        { label: 'policies_accept', value: open.length, unit: '', critical: '0' },
        ...found.flatMap(({ label, packets }) =>
          packets === null ? [] : [{ label: `policy_packets.${label}`, value: packets, unit: 'c' } as const],
        ),
      ],
    };
  },
};
