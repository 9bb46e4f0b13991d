/** What the kernel logs of a packet whose mark is its number. */
export function messageOf(number: number): string {
  return (
    'FW-DROP IN=eth0 OUT= MAC=7e:be:ed:25:fa:a8:9a:d9:14:ba:50:14:08:00 SRC=203.0.113.9 DST=198.51.100.1 LEN=60 TOS=0x00 PREC=0x00 TTL=54 ' +
    `ID=${number % 65_536} DF PROTO=TCP SPT=${1 + (number % 65_535)} DPT=22 WINDOW=64240 RES=0x00 SYN URGP=0 MARK=0x${number.toString(16)} `
  );
}

/** The same as rsyslog writes it. */
export function lineOf(number: number): string {
  const at = new Date(1_795_392_591_120 + number / 20).toISOString().replace('Z', '911+00:00');
  return `${at} fw1 kernel: [${(2798 + number / 20_000).toFixed(6)}] ${messageOf(number).trimEnd()}\n`;
}

/** The number in such a line; -1: none is there. */
export function numberIn(line: string): number {
  const at = line.lastIndexOf('MARK=0x');
  return at < 0 ? -1 : Number.parseInt(line.slice(at + 7), 16);
}
