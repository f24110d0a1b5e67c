/** Takes the notifications that Alertmanager sends to a webhook: a pager for the demo. */

import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { systemClock } from "../../base/clock.ts";
import { createServer } from "../../base/http.ts";

export interface PagedAlert {
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** One notification: Alertmanager's webhook payload, version 4, as far as it matters here. */
export interface Page {
  readonly receiver: string;
  readonly status: "firing" | "resolved";
  readonly groupKey: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly PagedAlert[];
  /** When it came, milliseconds since 1970. */
  readonly at: number;
}

export interface Pager {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startPager(onPage: (page: Page) => void): Promise<Pager> {
  const server = createServer(async (request, response) => {
    const at = systemClock.wall();
    try {
      onPage({ ...(JSON.parse(await text(request)) as Omit<Page, "at">), at });
      response.writeHead(200).end();
    } catch {
      response.writeHead(400).end();
    }
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(0, "127.0.0.1", () => resolve());
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
