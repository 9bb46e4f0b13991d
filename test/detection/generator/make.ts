/** `node test/detection/generator/make.ts --seed 1 --out FOLDER [--carrier traditional|rfc3339|journald] [--scale 1]` */
import { parseArgs } from 'node:util';
import { carriers, generate } from './index.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    carrier: { type: 'string', default: 'rfc3339' },
    scale: { type: 'string', default: '1' },
  },
});
const carrier = carriers.find((name) => name === values.carrier);
if (values.out === undefined || carrier === undefined)
  throw new Error('say --out FOLDER, and --carrier traditional, rfc3339 or journald');
const { labels } = generate({ seed: Number(values.seed), folder: values.out, carrier, scale: Number(values.scale) });
const { lines, packets, logins, bytes, instances, background } = labels;
process.stdout.write(
  `${lines} lines, ${bytes} bytes: ${packets} packets, ${logins} of sshd; ${instances.length} attacks, ${background.length} in the background\n`,
);
