import { type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { plainName } from '../../values/text.ts';

/** `COUNT,CODE JT JF K,…`: the number of instructions, then each of them (libxt_bpf.c, bpf_parse_string). */
const program: ValueType = {
  hint: 'write what nfbpf_compile prints',
  saved: (text) => {
    const [count = '', ...instructions] = text.split(',');
    const read = instructions.filter((one) => one.trim() !== '').map((one) => /^\s*(\d+) (\d+) (\d+) (\d+)$/.exec(one));
    if (!/^\d{1,5}$/.test(count) || Number(count) < 1 || Number(count) > 64 || read.length !== Number(count)) return undefined;
    const fits = (one: RegExpExecArray | null): boolean =>
      one !== null && Number(one[1]) <= 65535 && Number(one[2]) <= 255 && Number(one[3]) <= 255 && Number(one[4]) <= 0xffffffff;
    return read.every(fits) ? `${count},${read.map((one) => one?.slice(1).join(' ')).join(',')}` : undefined;
  },
  examples: () => ['1,6 0 0 0', '1,6 0 0 65535', '4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0'],
  refused: () => ['2,6 0 0 0', '0', 'x', '1,6 0 0', '65,6 0 0 0'],
};

/** net/netfilter/xt_bpf.c: runs a program over the packet. */
export const bpf: Match = {
  kind: 'match',
  name: 'bpf',
  families: [4, 6],
  options: options(['--bytecode ""PROGRAM""', program], ['--object-pinned PATH', plainName(255)]),
  limits: [{ kind: 'one', of: ['--bytecode', '--object-pinned'] }],

  meaning: (use) => opaque(use, 'pure'),
};
