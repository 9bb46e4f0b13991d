import { expect, it } from 'vitest';
import type { Namespace } from './namespace.ts';
import { setStage } from './stage.ts';

it('writes nothing of a link whose name is more than a name', async () => {
  const written: string[] = [];
  const namespace = {
    pid: 1,
    run: async ({ input = '' }: { input?: string }) => {
      written.push(...input.split('\n'));
      return { kind: 'exited', status: 0, stdout: '', stderr: '' };
    },
  } as unknown as Namespace;
  const links = [
    { name: 'br0', kind: 'bridge' },
    { name: 'x\nnetns add q\n#', master: 'br0' },
    { name: 'y z', master: 'br0' },
    { name: 'eth0', master: 'br0\nnetns add q' },
  ];
  const unstaged = await setStage(
    namespace,
    {
      links,
      addresses: [{ link: 'x\nnetns add q', address: '192.0.2.1/24' }],
      routes: [{ to: 'default', link: 'x\nnetns add q' }],
      rules: [],
    },
    namespace,
  );
  expect(written.filter((line) => line.includes('netns add') || line.includes('y z'))).toEqual([]);
  expect(written.some((line) => line.startsWith('link add name br0 '))).toBe(true);
  expect(unstaged.length).toBeGreaterThanOrEqual(4);
});
