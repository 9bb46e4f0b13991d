/** Lines as rsyslog writes them of what a firewall on the internet logs, made of a seed: the same bytes on any machine. */

/** Like the log of a small server: one neighbour, a few rules, four of five packets TCP, one of twenty IPv6. */
export function makeLines(seed: number, count: number, take: (piece: Buffer) => void): void {
  const roll = dice(seed);
  const below = (most: number): number => Math.floor(roll() * most);
  const pick = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value;
  const lines: string[] = [];
  let ms = Date.UTC(2026, 10, 1);
  for (let line = 0; line < count; line += 1) {
    ms += below(700);
    lines.push(one(ms, roll, below, pick));
    if (lines.length < 4096) continue;
    take(Buffer.from(lines.join(''), 'latin1'));
    lines.length = 0;
  }
  take(Buffer.from(lines.join(''), 'latin1'));
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const prefixes = ['FW-DROP ', 'FW-DROP ', 'FW-DROP ', 'FW-DROP ', '[INVALID] ', 'FW-SSH: '];
const ports = [22, 23, 23, 80, 443, 445, 1433, 3306, 3389, 5060, 5900, 6379, 8080, 8443, 27017];

function one(ms: number, roll: () => number, below: (most: number) => number, pick: <V>(values: readonly V[]) => V): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = String(date.getUTCDate()).padStart(2);
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const six = roll() < 0.05;
  // Few sources send much.
  const who = Math.floor(90_000 ** roll());
  const source = six
    ? `2a0b:4d07:0001:${(who & 65_535).toString(16).padStart(4, '0')}:0000:0000:0000:0001`
    : `${1 + ((who * 37) % 222)}.${(who * 101) & 255}.${(who >> 8) & 255}.${who & 255}`;
  const head = `${months[date.getUTCMonth()]} ${day} ${time} fw1 kernel: [${(ms / 1000 - 1_793_400_000).toFixed(6).padStart(13)}] ${pick(prefixes)}`;
  const mac = `MAC=7e:be:ed:25:fa:a8:9a:d9:14:ba:50:14:${six ? '86:dd' : '08:00'}`;
  const ip = six
    ? `SRC=${source} DST=2001:0db8:0000:0000:0000:0000:0000:00${16 + below(4)} LEN=${60 + below(40)} TC=0 HOPLIMIT=${40 + below(20)} FLOWLBL=${below(1_048_576)}`
    : `SRC=${source} DST=198.51.100.${10 + below(33)} LEN=${40 + below(40)} TOS=0x00 PREC=0x00 TTL=${40 + below(200)} ID=${below(65_536)}${roll() < 0.4 ? ' DF' : ''}`;
  const kind = roll();
  const [sport, dport] = [1024 + below(64_512), roll() < 0.8 ? pick(ports) : below(65_536)];
  const rest =
    kind < 0.8
      ? `PROTO=TCP SPT=${sport} DPT=${dport} WINDOW=${below(65_536)} RES=0x00 ${kind < 0.75 ? 'SYN' : 'ACK RST'} URGP=0 `
      : kind < 0.95
        ? `PROTO=UDP SPT=${sport} DPT=${dport} LEN=${20 + below(40)} `
        : `PROTO=ICMP${six ? 'v6' : ''} TYPE=${six ? 128 : 8} CODE=0 ID=${below(65_536)} SEQ=${below(9)} `;
  return `${head}IN=eth0 OUT= ${mac} ${ip} ${rest}\n`;
}

/** Numbers from 0 to below 1 that only the seed decides (xorshift32). */
function dice(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}
