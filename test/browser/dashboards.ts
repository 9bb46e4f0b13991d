import { onTestFinished } from 'vitest';
import { type Lab, lab, type Opened } from './browser.ts';
import { type Fixture, fixture } from './fixture.ts';

export interface Shown extends Opened, Fixture {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** A {@link Lab} that also shows the fixture's host, for tests of the page itself. */
export interface Dashboards extends Lab {
  /** The dashboard, loaded and live; it ends with the test. */
  show(given?: Fixture, options?: Parameters<Lab['open']>[1]): Promise<Shown>;
}

export async function dashboards(): Promise<Dashboards> {
  const browser = await lab();
  return {
    ...browser,
    async show(given = fixture(), options = {}) {
      const server = await browser.serve(given.served);
      const opened = await browser.open(server.url, options);
      onTestFinished(async () => {
        await opened.page.context().close();
        await server.stop();
      });
      await opened.page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
      await opened.page.locator('#rules').waitFor();
      return { ...given, ...server, ...opened };
    },
  };
}
