import { expect, it } from 'vitest';
import { fetchSet } from './fetch-set.ts';

it('names stand for what this machine looks them up as', async () => {
  const found = await fetchSet({ kind: 'dns', names: ['localhost'], onFailure: 'keep' });
  expect(found.addresses).toContain('127.0.0.1');
  expect(found.lacking).toBeNull();
});

it('a name that cannot be looked up changes nothing, or is left out where that is asked for', async () => {
  const names = ['localhost', 'no.such.name.invalid'];
  expect(await fetchSet({ kind: 'dns', names, onFailure: 'keep' })).toMatchObject({
    lacking: expect.stringMatching(/^no\.such\.name\.invalid cannot be looked up \(\w+/),
  });
  expect(await fetchSet({ kind: 'dns', names, onFailure: 'empty' })).toMatchObject({
    addresses: expect.arrayContaining(['127.0.0.1']),
  });
}, 20_000);

it('feeds and countries are not fetched, and said so', async () => {
  expect(await fetchSet({ kind: 'feed', url: 'https://example.net/' })).toEqual({
    addresses: [],
    lacking: 'feeds are not fetched yet',
  });
});
