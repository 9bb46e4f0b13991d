/**
 * Where addresses come from that a policy does not write itself: names that are looked up, lists of others that are fetched, countries.
 *
 * `request` asks a server, `kept` keeps what it said in the state folder, `feed` decides which of the two counts; `names` and `country`
 * ask for what they need. The policy itself fetches nothing; `readPolicyFile` hands it what came of this.
 */
export { fetchSets } from './fetch-set.ts';
