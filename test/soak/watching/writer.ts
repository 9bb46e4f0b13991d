/**
 * A program of its own that writes numbered lines of the kernel's LOG target into a file, as a syslog daemon does. Usage:
 * `node writer.ts PATH FIRST COUNT LINES-A-SECOND`. SIGHUP: it opens the path anew. Says `begun` once it can be told.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { lineOf } from './line.ts';

const [, , path = '', first = '0', count = '0', rate = '0'] = process.argv;
let fd = openSync(path, 'a');
let again = false;
process.on('SIGHUP', () => {
  again = true;
});
process.stdout.write('begun\n');
const begun = performance.now();
const end = Number(first) + Number(count);
let cut = '';
for (let next = Number(first); next < end || cut !== ''; ) {
  // Only between lines, as daemons do.
  if (again && cut === '') {
    again = false;
    closeSync(fd);
    fd = openSync(path, 'a');
  }
  const due = Math.min(end, Number(first) + Math.floor(((performance.now() - begun) / 1000) * Number(rate)));
  let text = cut;
  cut = '';
  while (next < due && text.length < 65_536) {
    text += lineOf(next);
    next += 1;
  }
  // Now and then a line is written in two goes.
  if (text !== '' && next % 7 === 0 && next < end) {
    cut = text.slice(-40);
    text = text.slice(0, -40);
  }
  if (text !== '') writeSync(fd, text);
  await sleep(cut === '' ? 2 : 1);
}
