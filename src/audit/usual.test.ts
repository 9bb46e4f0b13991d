import { describe, expect, it } from 'vitest';
import { throttles, usually } from './usual.ts';

describe('an ordinary packet', () => {
  it.each([
    ['-m limit --limit 5/min', true],
    ['-m limit --limit 5/min (INPUT rule 4)', true],
    ['-m hashlimit --hashlimit-upto 3/min --hashlimit-name ssh', true],
    ['-m hashlimit --hashlimit-upto 3/min --hashlimit-name ssh (drops the packet itself)', false],
    ['-m hashlimit --hashlimit-above 3/min --hashlimit-name ssh', false],
    ['-m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr', false],
    ['-m recent --update --seconds 60 --hitcount 4 --name ssh', false],
    ['-m recent ! --rcheck --name ssh', null],
    ['-m recent ! --rcheck', true],
    ['-m recent --set --name ssh', true],
    ['-m rpfilter --invert', false],
    ['-m rpfilter', true],
    ['-m mac --mac-source 02:00:5e:00:53:01', false],
    ['-m mac ! --mac-source 02:00:5e:00:53:01', true],
    ['-m owner ! --uid-owner 0', true],
    ['-m time --timestart 08:00', null],
    ['-m constructor --of 1', null],
    ['-m geoip --source-country XX', null],
    ['-j NETFLOW', null],
  ] as const)('answers %s with %s', (match, answer) => {
    expect(usually(match)).toBe(answer);
  });
});

describe('what slows down', () => {
  it.each([
    ['-m limit --limit 5/min', true],
    ['-m recent --update --seconds 60 --hitcount 4 --name ssh', true],
    ['-m recent --update --seconds 3600 --name banned', false],
    ['-m recent --set --name ssh', false],
    ['-m time --timestart 08:00', false],
  ] as const)('%s: %s', (match, answer) => {
    expect(throttles(match)).toBe(answer);
  });
});
