import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../policy/index.ts';
import { fetchFeed } from './feed.ts';
import { fetchSet, fetchSets } from './fetch-set.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-feeds-'));
const start = Date.parse('2026-11-30T12:00:00Z');
const hour = 3_600_000;
let count = 0;
let place = { policyFolder: folder, stateFolder: folder, now: start, signal: new AbortController().signal };
const later = (ms: number) => ({ ...place, now: start + ms });

/** A real server, whose answer each test says; and what it was asked. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const asked: IncomingMessage[] = [];
const server = createServer((request, response) => {
  asked.push(request);
  answer(request, response);
});
let base = '';
const says = (body: string, headers: Record<string, string> = {}, status = 200): void => {
  answer = (_, response) => response.writeHead(status, headers).end(body);
};
const feed = (more: Partial<Extract<Source, { kind: 'feed' }>> = {}): Extract<Source, { kind: 'feed' }> => ({
  kind: 'feed',
  url: `${base}/list`,
  everySeconds: 3600,
  onFailure: 'keep',
  ...more,
});
const list = (many: number): string => Array.from({ length: many }, (_, index) => `198.51.${index}.0/24\n`).join('');

beforeAll(async () => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  count += 1;
  asked.length = 0;
  place = { ...place, stateFolder: join(folder, `state-${count}`) };
  mkdirSync(place.stateFolder, { mode: 0o700 });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('names', () => {
  it('stand for what this machine looks them up as', async () => {
    const found = await fetchSet({ kind: 'dns', names: ['localhost'], onFailure: 'keep' }, place);
    expect(found.addresses).toContain('127.0.0.1');
    expect(found.lacking).toBeNull();
  });

  it('that cannot be looked up change nothing, or are left out where that is asked for', async () => {
    const names = ['localhost', 'no.such.name.invalid'];
    expect(await fetchSet({ kind: 'dns', names, onFailure: 'keep' }, place)).toMatchObject({
      lacking: expect.stringMatching(/^no\.such\.name\.invalid cannot be looked up \(\w+/),
    });
    expect(await fetchSet({ kind: 'dns', names, onFailure: 'empty' }, place)).toMatchObject({
      addresses: expect.arrayContaining(['127.0.0.1']),
    });
  }, 20_000);
});

describe('a feed', () => {
  it('is fetched, kept for its owner alone, and not asked for again too soon', async () => {
    says('\ufeff# bad people\r\n192.0.2.7 ; SBL1\r\n\r\n2001:db8:7::/48\n198.51.100.3-198.51.100.9', { etag: '"one"' });
    const addresses = ['192.0.2.7', '2001:db8:7::/48', '198.51.100.3-198.51.100.9'];
    expect(await fetchSet(feed(), place)).toEqual({ addresses, lacking: null, said: `3 lines of ${base}/list, as of now` });
    const files = readdirSync(join(place.stateFolder, 'feeds'));
    expect(files).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(statSync(join(place.stateFolder, 'feeds', files[0] ?? '')).mode & 0o777).toBe(0o600);
    says('never', {}, 500);
    expect(await fetchSet(feed(), later(hour / 2))).toMatchObject({
      addresses,
      said: expect.stringMatching(/as of 30 minutes ago$/),
    });
    expect(asked).toHaveLength(1);
  });

  it('that is still the same is not sent again', async () => {
    const lastModified = 'Mon, 30 Nov 2026 08:00:00 GMT';
    says(list(2), { etag: 'W/"7"', 'last-modified': lastModified });
    const first = await fetchSet(feed(), place);
    answer = (request, response) => {
      const same = request.headers['if-none-match'] === 'W/"7"' && request.headers['if-modified-since'] === lastModified;
      response.writeHead(same ? 304 : 500).end();
    };
    expect(await fetchSet(feed(), later(2 * hour))).toEqual({ ...first, said: expect.stringMatching(/as of now$/) });
    expect(asked).toHaveLength(2);
    // The server was just asked.
    await fetchSet(feed(), later(2.5 * hour));
    expect(asked).toHaveLength(2);
    says(list(3), { etag: '"8"' });
    expect((await fetchSet(feed(), later(4 * hour))).addresses).toHaveLength(3);
  });

  it('that cannot be had again is what it was, and says so', async () => {
    says(list(2));
    const { addresses } = await fetchSet(feed(), place);
    says('', {}, 503);
    const then = await fetchSet(feed({ onFailure: 'empty' }), later(50 * hour));
    expect(then).toEqual({
      addresses,
      lacking: null,
      said: `2 lines of ${base}/list, as of 2 days ago; no newer ones: the server answers 503`,
    });
  });

  it('that was never had lacks, or is left out where that is asked for', async () => {
    says('', {}, 404);
    const why = `the feed ${base}/list cannot be had: the server answers 404`;
    expect(await fetchSet(feed(), place)).toEqual({ addresses: [], lacking: why });
    expect(await fetchSet(feed({ onFailure: 'empty' }), place)).toEqual({ addresses: [], lacking: null, said: why });
    const closed = { url: 'http://127.0.0.1:1/list' };
    expect(await fetchSet(feed(closed), place)).toMatchObject({
      lacking: expect.stringMatching(/: (nobody answers there|bad port)$/),
    });
  });

  it.each<[string, () => void, RegExp]>([
    ['is a page of HTML', () => says('192.0.2.1\n<html>\n'), /line 2: "<html>" is no address/],
    ['is compressed garbage', () => says(gzipSync('x').toString('latin1')), /line 1: .* is no address/],
    ['names everybody', () => says('192.0.2.1\n0.0.0.0/0\n'), /line 2: 0\.0\.0\.0\/0 is more than a list may name/],
    ['names half of everybody', () => says('128.0.0.0-255.255.255.255\n'), /line 1: .* is more than a list may name/],
    ['names all of IPv6', () => says('2000::/3\n'), /line 1: 2000::\/3 is more than/],
    ['holds nothing', () => says('# nobody today\n'), /it holds nothing/],
    ['has suddenly become small', () => says(list(5)), /it holds 5 where it held 40; remove .*feeds\/[0-9a-f]{32} if/],
    ['is cut off', () => { answer = (_, response) => { response.writeHead(200, { 'content-length': '1000' }); response.write(list(40)); setTimeout(() => response.destroy(), 20); }; }, /the connection broke off|terminated/],
    ['is cut off between its pieces', () => { answer = (_, response) => { response.writeHead(200); response.write(list(40)); setTimeout(() => response.destroy(), 20); }; }, /the connection broke off|terminated/],
    ['never ends', () => { answer = (_, response) => { response.writeHead(200); response.write('192.0.2.1\n'); }; }, /no whole answer within/],
    ['never begins', () => { answer = () => undefined; }, /no whole answer within/],
    ['is too large', () => says('#'.repeat(200_000)), /it is larger than/],
    ['is too large once it is unpacked', () => { answer = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('#'.repeat(200_000))); }, /it is larger than/],
    ['is redirected to an address without https', () => says('', { location: 'http://192.0.2.1/list' }, 302), /redirected to http:\/\/192\.0\.2\.1\/list, which is not https/],
    ['is redirected to a file', () => says('', { location: 'file:///etc/passwd' }, 302), /redirected to file:/],
    ['is redirected in a circle', () => says('', { location: '/list' }, 301), /redirected more than 3 times/],
    ['was not asked for so', () => says('', {}, 204), /the server answers 204/],
  ])('that %s never takes the place of a good one', async (_, now, why) => {
    const limits = { bytes: 100_000, ms: 300, redirects: 3 };
    says(list(40));
    const { addresses } = await fetchFeed(feed(), place, limits);
    expect(addresses).toHaveLength(40);
    now();
    const then = await fetchFeed(feed(), later(2 * hour), limits);
    expect(then).toEqual({ addresses, lacking: null, said: expect.stringMatching(/^40 lines of .*, as of 2 hours ago; no newer ones: /) });
    expect(then.said).toMatch(why);
    // And what was kept is as it was.
    says(list(40));
    expect(await fetchFeed(feed(), later(3 * hour), limits)).toMatchObject({ addresses });
  }); // biome-ignore format: one fault a line

  it('over https is taken from a server whose certificate is trusted alone', async () => {
    const [key, cert] = ['key', 'certificate'].map((name) =>
      readFileSync(join(import.meta.dirname, `../../../testdata/tls/${name}.pem`), 'utf8'),
    ) as [string, string];
    const secure = createSecureServer({ key, cert }, (_, response) => response.end(list(2)));
    await new Promise<void>((ready) => secure.listen(0, '127.0.0.1', ready));
    const own = feed({ url: `https://127.0.0.1:${(secure.address() as AddressInfo).port}/list` });
    expect((await fetchSet(own, place)).lacking).toMatch(/: its certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/);
    setDefaultCACertificates([...getCACertificates('default'), cert]);
    expect((await fetchSet(own, place)).addresses).toHaveLength(2);
    secure.closeAllConnections();
    secure.close();
  });

  it('is followed where it is redirected to', async () => {
    answer = (request, response) => {
      if (request.url === '/list') response.writeHead(307, { location: '/moved' }).end();
      else response.end(list(2));
    };
    expect((await fetchSet(feed(), place)).addresses).toHaveLength(2);
  });

  it('that others could have written to, or that is torn, is fetched anew', async () => {
    says(list(2));
    await fetchSet(feed(), place);
    const kept = join(place.stateFolder, 'feeds', readdirSync(join(place.stateFolder, 'feeds'))[0] ?? '');
    chmodSync(kept, 0o666);
    says(list(3));
    expect((await fetchSet(feed(), place)).addresses).toHaveLength(3);
    writeFileSync(kept, readFileSync(kept, 'latin1').slice(0, -5), { mode: 0o600 });
    says(list(4));
    expect((await fetchSet(feed(), place)).addresses).toHaveLength(4);
  });

  it('where nothing can be kept counts for this once', async () => {
    says(list(2));
    writeFileSync(join(folder, 'registry-is-a-file'), '');
    const nowhere = { ...place, stateFolder: join(folder, 'registry-is-a-file/state') };
    expect((await fetchSet(feed(), nowhere)).addresses).toHaveLength(2);
  });
});

describe('countries', () => {
  const delegated = `2|ripencc|20261130|6|19830705|20261129|+0000
# made for this test
ripencc|*|ipv4|*|4|summary
ripencc|CH|ipv4|192.0.2.0|96|20010101|allocated|a
ripencc|DE|ipv4|198.51.100.0|256|20010101|assigned|b
ripencc|CH|ipv6|2001:db8::|32|20010101|allocated|a
ripencc||ipv4|203.0.113.0|256||available|
ripencc|CH|ipv4|203.0.113.0|256||reserved|
ripencc|CH|asn|559|1|20010101|allocated|a
`;
  const source = (more: Partial<Extract<Source, { kind: 'country' }>> = {}): Source => ({
    kind: 'country',
    countries: ['CH'],
    from: [],
    everySeconds: 86_400,
    onFailure: 'keep',
    ...more,
  });
  const swiss = ['192.0.2.0-192.0.2.95', '2001:db8::/32'];

  it('are read from the lists in the state folder', async () => {
    expect(await fetchSet(source(), place)).toMatchObject({
      addresses: [],
      lacking: expect.stringMatching(/^there are no lists of countries: put/),
    });
    mkdirSync(join(place.stateFolder, 'countries'));
    writeFileSync(join(place.stateFolder, 'countries/delegated-ripencc-extended-latest'), delegated);
    expect(await fetchSet(source(), place)).toMatchObject({
      addresses: swiss,
      lacking: null,
      said: expect.stringMatching(/^2 networks of CH by \/.*delegated-ripencc/),
    });
    expect(await fetchSet(source({ countries: ['CH', 'XX'] }), place)).toMatchObject({
      lacking: expect.stringMatching(/^no list names an address of XX: see/),
    });
  });

  it('are read from files beside the policy, and fetched', async () => {
    writeFileSync(join(folder, 'registry'), delegated);
    says(delegated.replaceAll('ripencc|CH', 'arin|US').replaceAll('192.0.2.', '192.0.3.'));
    const both = source({ countries: ['CH', 'US'], from: ['registry', `${base}/arin`] });
    expect(await fetchSet(both, place)).toMatchObject({
      addresses: [...swiss, '192.0.3.0-192.0.3.95', '2001:db8::/32'],
      lacking: null,
    });
  });

  it('of several sets are in one list, which is fetched once, while other servers are waited for', async () => {
    const others = Array.from({ length: 3 }, (_, index) => feed({ url: `${base}/${index}` }));
    let waiting = 0;
    const held: (() => void)[] = [];
    answer = (request, response) => {
      if (request.url === '/registry') return void response.end(delegated);
      waiting += 1;
      held.push(() => response.end(list(2)));
      // All of them are asked before any answers.
      if (waiting === others.length) for (const one of held) one();
    };
    const from = [`${base}/registry`];
    const sources = [source({ from }), ...others, source({ from, countries: ['DE'] })];
    const found = await fetchSets(sources, place);
    expect(found.map(({ source: of }) => of)).toEqual(sources);
    expect(found.map(({ answer: { addresses } }) => addresses.length)).toEqual([2, 2, 2, 2, 1]);
    expect(asked.filter(({ url }) => url === '/registry')).toHaveLength(1);
  });

  it.each([
    ['no list', '<html>'],
    ['a count too many', 'ripencc|CH|ipv4|255.255.255.0|512|20010101|allocated'],
    ['a length too many', 'ripencc|CH|ipv6|2001:db8::|129|20010101|allocated'],
    ['no address', 'ripencc|CH|ipv4|192.0.2|256|20010101|allocated'],
    ['another family', 'ripencc|CH|ipv6|192.0.2.0|24|20010101|allocated'],
  ])('with %s in a list are not guessed', async (_, line) => {
    writeFileSync(join(folder, 'registry'), `${delegated}${line}\n`);
    expect(await fetchSet(source({ from: ['registry'] }), place)).toMatchObject({
      addresses: [],
      lacking: expect.stringContaining(`registry: line 10: "${line}"`),
    });
  });
});
