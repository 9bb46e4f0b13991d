/**
 * How many packets the rules of a host have handed to an NFLOG group, by their own counters: the only thing that counts while nobody reads the group.
 *
 * It reads rules of both backends and of nft itself by netlink and getsockopt(2), in some ten microseconds, so that hardly a packet comes meanwhile; it starts
 * no program and changes nothing. What the numbers mean beside those of the packets is for whoever reads the group. `watch/sources` does.
 */
export { type Handed, type HandedLook, openHanded } from './handed.ts';
