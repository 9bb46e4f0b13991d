import type { Problem } from '../result.ts';

/** What a tool's error means: one clause, and what to do about it. */
export interface Meaning {
  readonly message: string;
  readonly hint: string;
  /** The chain that a rule jumps to in vain: its line has to be looked for, since iptables-nft names another. */
  readonly chain?: string;
}

type Maker = (found: RegExpExecArray) => Meaning;

const say =
  (message: string, hint: string): Maker =>
  (found) => ({ message: message.replaceAll('$1', found[1] ?? ''), hint: hint.replaceAll('$1', found[1] ?? '') });

const elsewhere = 'look at the table and the chain that it stands in: not every match and target works everywhere';

/** What the tools say, in the words of iptables 1.8 and ipset 7; each has a test with the real error. First match wins. */
const complaints: readonly (readonly [said: RegExp, maker: Maker])[] = [
  [
    /Another app is currently holding the xtables lock/,
    say('another program holds the xtables lock', 'try again when it is done'),
  ],
  [
    /Permission denied|Operation not permitted|must be root/,
    say('the right to write rules is missing', 'run as root, or inside `unshare -rn`'),
  ],
  [
    /Set (\S+) doesn't exist/,
    say('there is no set $1', 'load the set $1 before the rules that name it (ipset restore), or mend its name'),
  ],
  [
    /Chain '([^\n]*)' does not exist|Couldn't load target `([^\n]*)':/,
    (found) => {
      const chain = found[1] ?? found[2] ?? '';
      const hint = `declare it with ":${chain} - [0:0]" below the table's name, or mend the name`;
      return { message: `there is no chain or target ${chain}`, hint, chain };
    },
  ],
  [
    /Couldn't load match `([^\n]*)':/,
    say('this machine has no match $1', 'mend its name, or install the extension that brings it'),
  ],
  [
    /unknown option "([^\n]*)"/,
    say(
      'no match or target of this rule has the option $1',
      'name the match or the protocol that it belongs to (-m, -p) before it',
    ),
  ],
  [/option "([^\n]*)" requires an argument/, say('the option $1 lacks its value', 'write the value behind it')],
  [
    /host\/network `([^\n]*)' not found/,
    say('$1 is no address of this family', "write an address or a network of the ruleset's family; names are not looked up"),
  ],
  [
    /invalid port\/service `([^\n]*)' specified/,
    say('$1 is no port', 'write a number from 0 to 65535, or a service of /etc/services'),
  ],
  [/Can't use (-[io]) with (\w+)/, (found) => interfaceFault(found[1] ?? '', found[2] ?? '')],
  [/multiple -j flags not allowed/, say('the rule has more than one target', 'keep one -j or -g')],
  [
    /Bad argument `([^\n]*)'/,
    say('nothing is known that $1 could mean here', 'mend or remove it; comments stand in lines of their own'),
  ],
  [
    /The (-\w) option cannot be used in/,
    say('the option $1 cannot stand in a ruleset', "put the rule below the line with its table's name"),
  ],
  [/chain name `([^\n]*)' too long|Invalid chain name `([^\n]*)'/, (found) => longName(found[1] ?? found[2] ?? '')],
  [/Bad policy name/, say('a policy is ACCEPT or DROP', 'mend the policy; chains of your own have "-"')],
  [/table name '([^\n]*)' invalid|unable to initialize table '([^\n]*)'/, (found) => noTable(found[1] ?? found[2] ?? '')],
  [
    /Could not fetch rule set generation id/,
    say('this kernel lacks nf_tables', 'load its module (modprobe nf_tables), or use iptables-legacy'),
  ],
  [/Bad rule \(does a matching rule exist/, say('there is no such rule to delete', 'read the rules again: they have changed')],
  [
    /Too many links|Too many levels of symbolic links/,
    say(
      'with this jump chains jump in a circle, or too deep',
      'break the circle; iptables-nft takes 16 jumps one within another',
    ),
  ],
  [
    /No chain\/target\/match by that name|No such file or directory/,
    say(
      'something that this rule names is not there',
      'declare its chain below the name of its table, make the helper, object or estimator first, or load the module',
    ),
  ],
  [
    /Numerical result out of range/,
    say('a number in this rule is larger than the kernel takes', 'use a smaller rate, size or count'),
  ],
  [
    /Operation not supported|Protocol not supported/,
    say('the kernel cannot do what this rule asks', 'it jumps to a built-in chain, or needs a module that is not there'),
  ],
  [/Message too long|No buffer space/, say('there are more rules than the kernel takes at once', 'run as root')],
  [/Invalid argument/, say('the kernel refuses this rule where it stands', elsewhere)],
  [/Device or resource busy/, say('something in use stands in the way', 'remove the rules that use it first')],
  [/it's already added/, say('this member is in the set already', 'remove the second line')],
  [/typename '([^\n]*)' is unknown/, say('$1 is no type of sets', 'use a type that "ipset help" lists')],
  [/Kernel error received: set type not supported/, say('the kernel lacks this type of sets', 'load its module, ip_set_*')],
  [/The set with the given name does not exist/, say('this set is not created', 'write its "create" line first')],
  [/set with the same name already exists/, say('a set of this name is there already', 'give each set a name of its own')],
  [/cannot parse (\S+): /, say('$1 is no member of such a set', "write what the set's type takes")],
  [
    /value of the CIDR parameter/,
    say('the prefix length is not one that the set takes', 'write 0.0.0.0/0 as 0.0.0.0/1 and 128.0.0.0/1'),
  ],
  [/Hash is full/, say('the set is full', 'raise its maxelem')],
];

/** The meaning of what a tool said, or its own last words where palisade does not know them. */
export function meaningOf(said: string): Meaning {
  for (const [pattern, make] of complaints) {
    const found = pattern.exec(said);
    if (found !== null) return make(found);
  }
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !/^(Try `|Error occurred|# Warning)/.test(line));
  const last = (lines.at(-1) ?? 'nothing').trim().slice(0, 200);
  return { message: `this is refused, and the tool says: ${last}`, hint: elsewhere };
}

/** True where the words alone tell too little to be worth more than looking for the rule. */
export function saysNothing(said: string): boolean {
  return /^\S+: line \d+ failed\s*$/.test(said.trim());
}

function interfaceFault(option: string, chain: string): Meaning {
  const message = `${option} cannot be used in ${chain}: packets have no such interface there`;
  return { message, hint: option === '-o' ? 'use -i, or OUTPUT or FORWARD' : 'use -o, or INPUT or FORWARD' };
}

function longName(name: string): Meaning {
  return { message: `the chain name ${name.slice(0, 40)} is too long`, hint: 'keep it within 28 bytes' };
}

function noTable(name: string): Meaning {
  const hint = 'tables are filter, nat, mangle, raw and security; is its module there?';
  return { message: `this machine has no table ${name}`, hint };
}

/** A problem with a line: where it stands, the words, and the line itself, cut to a readable length. */
export function refusedLine(file: string, line: { readonly number: number; readonly text: string }, meaning: Meaning): Problem {
  const text = line.text.length > 80 ? `${line.text.slice(0, 77)}...` : line.text;
  const at = { file, line: line.number };
  return { code: 'restore-refused', at, message: `${meaning.message} ("${text}")`, hint: meaning.hint };
}
