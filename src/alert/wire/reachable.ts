import { type Address, contains, networks, parseAddress } from '../../model/net/index.ts';

/** What kind of place an address is, for a sender that follows a URL. */
export type Standing =
  /** Somewhere on the Internet. */
  | 'public'
  /** This machine, or a network that its owner has to himself. */
  | 'private'
  /** Where a cloud hands out a machine's credentials, other machines on the same wire, everybody at once, or nobody: no receiver is there. */
  | 'never';

// Metadata services: 169.254.0.0/16 (AWS, Azure, Google and others), 100.100.100.200 (Alibaba), 192.0.0.192 (Oracle), fd00:ec2::/32 (AWS),
// fd20:ce::/32 (Google), fd00:42::42 (Scaleway). 168.63.129.16 is Azure's, at an address of the Internet.
const never4 = networks(
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
);
const never6 = networks(
  '::/128',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  'fd00:ec2::/32',
  'fd20:ce::/32',
  'fd00:42::42/128',
  '100::/64',
);
const private4 = networks('10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15');
const private6 = networks('::1/128', 'fc00::/7');

/** Prefixes of IPv6 addresses that stand for one of IPv4, and how many bits follow that one (RFC 4291, 6052, 3056, 8215). */
const embedding: readonly { readonly within: ReturnType<typeof networks>; readonly shift: bigint }[] = [
  { within: networks('::ffff:0:0/96'), shift: 0n },
  { within: networks('::ffff:0:0:0/96'), shift: 0n },
  { within: networks('64:ff9b::/96'), shift: 0n },
  { within: networks('64:ff9b:1::/48'), shift: 0n },
  { within: networks('2002::/16'), shift: 80n },
];

export function standingOf(text: string): Standing {
  // A zone names a link, and only addresses of a link have one.
  const address = parseAddress(text);
  return address === undefined ? 'never' : standing(address);
}

function standing({ family, value }: Address): Standing {
  if (family === 4) return contains(never4, value) ? 'never' : contains(private4, value) ? 'private' : 'public';
  if (contains(never6, value)) return 'never';
  if (contains(private6, value)) return 'private';
  for (const { within, shift } of embedding)
    if (contains(within, value)) return standing({ family: 4, value: (value >> shift) & 0xffffffffn });
  // Addresses of IPv4 as IPv6 once wrote them (`::127.0.0.1`): nobody uses them, and some programs connect to them.
  return value < 1n << 32n ? 'never' : 'public';
}
