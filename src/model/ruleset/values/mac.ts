import type { ValueType } from '../extension.ts';

/** Six pairs of hex digits, of which a leading zero may be missing. */
export const macValue: ValueType = {
  hint: 'write six pairs of hex digits such as 02:00:5e:00:53:01',
  saved: (text) =>
    /^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(text)
      ? text
          .toLowerCase()
          .split(':')
          .map((pair) => pair.padStart(2, '0'))
          .join(':')
      : undefined,
  examples: () => ['02:00:5e:00:53:01', '00:00:00:00:00:00', 'FF:FF:FF:FF:FF:FF', '2:0:5E:0:53:1'],
  refused: () => ['02:00:5e:00:53', '02:00:5e:00:53:01:02', '02:00:5e:00:53:0x'],
};
