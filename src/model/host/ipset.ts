import { failed, ok, type Result } from '../../result.ts';
import { bitsOf, parseAddress } from '../net/index.ts';
import { brief } from '../ruleset/index.ts';
import type { IpSet, SetMember } from './host.ts';
import { readSets, type SavedMember, type SavedOption, type SavedSet } from './ipset-save.ts';
import { parseMember, parseNumber, type Shape } from './member.ts';

interface Draft {
  readonly set: Omit<IpSet, 'members'>;
  readonly shape: Shape;
  readonly members: SetMember[];
  /** Something in it says more than the model can: then the set is left out. */
  beyond: boolean;
  /** Ranges of addresses that its members mean. */
  ranges: number;
}

/** A set whose mask scatters its members over more ranges than this is left out too. */
const maxRanges = 200_000;

/**
 * Reads what `ipset save` prints, latin1. Sets that hold something which the model cannot say (ports of bridges, wildcard
 * links, types of the future) are left out whole, so that a rule which asks them *depends* on them.
 */
export function parseSets(text: string, file: string): Result<ReadonlyMap<string, IpSet>> {
  const saved = readSets(text, file);
  if (!saved.ok) return saved;
  const drafts = new Map<string, Draft>();
  for (const line of saved.value.lines) {
    if (line.kind === 'set') drafts.set(line.name, draftOf(line));
    else if (line.kind === 'member') {
      const wrong = takeMember(drafts.get(line.set.name) as Draft, line);
      if (wrong === undefined) continue;
      const hint = brief(`write it as set type ${line.set.type} takes it`);
      return failed({ code: 'sets-syntax', at: { file, ...line.at }, message: brief(wrong), hint });
    }
  }
  const kept = [...drafts.values()].filter(({ beyond }) => !beyond);
  return ok(new Map(kept.map(({ set, members }) => [set.name, { ...set, members }])));
}

function draftOf({ name, type, options }: SavedSet): Draft {
  const given = valuesOf(options);
  const inet = given.get('family');
  const dimensions = type.slice(type.indexOf(':') + 1).split(',');
  const addressed = dimensions.some((dimension) => dimension === 'ip' || dimension === 'net');
  const family = !addressed ? null : inet === 'inet6' || inet === 'ipv6' || inet === '-6' ? 6 : 4;
  const mask = family === null ? null : maskOf(family, given);
  const markMask = given.has('markmask') ? parseNumber(given.get('markmask') ?? '') : 0xffffffff;
  return {
    // Members without a MAC address take that of the first packet.
    set: { name, type, family, volatile: given.has('timeout') || type === 'bitmap:ip,mac' },
    shape: { dimensions, family, mask: mask ?? null, markMask: markMask ?? 0 },
    members: [],
    ranges: 0,
    // Which dimensions a mask is for is known of these types only (net/netfilter/ipset/ip_set_hash_*.c).
    beyond:
      hasUnknown(options) ||
      mask === undefined ||
      markMask === undefined ||
      (mask !== null && !/^(?:(?:hash|bitmap):ip|hash:(?:ip,port|net,net))$/.test(type)),
  };
}

/** `null`: no mask. `undefined`: one that cannot be read. */
function maskOf(family: 4 | 6, given: ReadonlyMap<string, string>): bigint | null | undefined {
  const bits = bitsOf(family);
  const netmask = given.get('netmask');
  if (netmask !== undefined) {
    const length = Number(netmask);
    if (!/^\d{1,3}$/.test(netmask) || length > bits) return undefined;
    return ((1n << BigInt(length)) - 1n) << BigInt(bits - length);
  }
  const bitmask = given.get('bitmask');
  if (bitmask === undefined) return null;
  const address = parseAddress(bitmask);
  return address?.family === family ? address.value : undefined;
}

/** What is wrong with the member, if anything is. */
function takeMember(draft: Draft, { element, options }: SavedMember): string | undefined {
  const given = options.length === 0 ? nothing : valuesOf(options);
  if (hasUnknown(options) || given.has('wildcard')) draft.beyond = true;
  // Of a set that is left out only the form is looked at.
  const parts = parseMember(draft.beyond ? { ...draft.shape, mask: null } : draft.shape, element);
  if ('kind' in parts) {
    if (parts.kind === 'wrong') return parts.message;
    draft.beyond = true;
    return undefined;
  }
  for (const part of parts) if (part.kind === 'addresses' && part.ranges.length > 1) draft.ranges += part.ranges.length;
  if (draft.ranges > maxRanges) draft.beyond = true;
  if (!draft.beyond) draft.members.push({ parts, nomatch: given.has('nomatch') });
  return undefined;
}

const nothing: ReadonlyMap<string, string> = new Map();

function valuesOf(options: readonly SavedOption[]): ReadonlyMap<string, string> {
  return new Map(options.map(({ name, value }) => [name, value ?? '']));
}

function hasUnknown(options: readonly SavedOption[]): boolean {
  return options.some(({ known }) => !known);
}
