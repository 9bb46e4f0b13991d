import { formatAddress, parseAddress } from '../../../model/net/index.ts';
import { addressAt, putAddress } from '../../events/batch.ts';
import { sourceOf } from '../../incidents/sources.ts';
import type { Detector, Family } from '../detector.ts';

/** Where clouds tell a machine its keys: AWS, Google, Azure and most others; AWS by IPv6; Alibaba. */
const services = ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200'];

export const metadataService: Detector = {
  id: 'metadata-service',
  title: "The cloud's metadata service",
  remedy:
    "Find out which program or container asks, and whether it may have the machine's keys; if not, stop it, and refuse 169.254.169.254 to all but root (-m owner).",
  description: `Rules log that a process of this host, or a container or guest behind it, reaches for the metadata service of its cloud (${services.join(', ')}), which gives out keys to whoever asks. From the first packet on.`,
  quietMs: 3_600_000,
  start({ report, more, surroundings }) {
    const words = new Uint32Array(4 * services.length);
    const families = services.map((text, index) => {
      const address = parseAddress(text);
      if (address === undefined) throw new Error(`${text} is no address`);
      putAddress(words, 4 * index, address);
      return address.family;
    });
    /** Those that asked last, by their names. */
    const incidents = new Map<string, number>();
    return {
      leaving(batch, row) {
        const at = 4 * row;
        const { dst } = batch;
        const last = dst[at + 3] as number;
        if (last !== words[3] && last !== words[7] && last !== words[11]) return;
        const service = families.findIndex(
          (family, index) =>
            family === batch.family[row] &&
            last === words[4 * index + 3] &&
            (family === 4 ||
              (dst[at] === words[4 * index] && dst[at + 1] === words[4 * index + 1] && dst[at + 2] === words[4 * index + 2])),
        );
        if (service < 0) return;
        const isForwarded = batch.in[row] !== 0;
        if (isForwarded && surroundings.outside?.includes(batch.names.text(batch.in[row] as number)) === true) return;
        const source = sourceOf(batch, row);
        const name = formatAddress(addressAt(batch.src, 4 * row, batch.family[row] as Family));
        const key = `${isForwarded ? 'behind' : 'here'} ${name}`;
        const kept = `${key} ${batch.trusted}`;
        if (more(incidents.get(kept) ?? 0, batch, row)) return;
        if (incidents.size >= 256) incidents.clear();
        incidents.set(
          kept,
          report({
            detector: 'metadata-service',
            key,
            severity: isForwarded ? 'high' : 'medium',
            title: `${isForwarded ? `${name}, behind ${batch.names.text(batch.in[row] as number)},` : 'A process of this host'} reaches for the metadata service of the cloud`,
            why: `A rule logged a packet to ${services[service]}, where clouds give out a machine's keys to whoever asks. ${isForwarded ? 'Containers and guests seldom need them.' : "The cloud's own agents ask there too; let the rule pass root alone (-m owner) to be told of others only."}`,
            sources: [source],
            targets: [],
            batch,
            row,
            at: batch.at[row] as number,
            events: 1,
            spoofable: false,
            ban: false,
          }),
        );
      },
    };
  },
};
