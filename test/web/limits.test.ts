/** Limits of time and size. */
import { describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { up } from "../../src/core/outcome.ts";
import { until } from "../support/programs.ts";
import { attack, healthy, SHORT } from "./attacker.ts";
import { answered, ask, inOnePiece, model, recordOf, serve } from "./setup.ts";

describe("slow and silent ones are sent away in time", () => {
  test.each([
    ["says nothing", ""],
    ["begins a request line", "GET /met"],
    ["never ends its headers", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n"],
    ["never sends the body it announced", "POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"],
    ["never ends its body", "POST /-/reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"],
  ])("one that %s", async (_, send) => {
    await using served = await serve({}, SHORT);
    const attacker = attack(served, send);
    await attacker.closed;
    expect(attacker.received()).toMatch(/^HTTP\/1\.1 408 |^$/);
    expect(await healthy(served)).toBe(200);
  });

  test("one that sends a header a moment, without end", async () => {
    await using served = await serve({}, SHORT);
    const attacker = attack(served, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n");
    let sent = 0;
    await until(() => {
      sent += 1;
      if (!attacker.isClosed()) attacker.socket.write(`X-${sent}: a\r\n`);
      return attacker.isClosed();
    }, "it to be sent away");
    expect(sent).toBeGreaterThan(3);
  });

  test("one that does not read its answer", async () => {
    const page = "x".repeat(20_000_000);
    const limits = { ...SHORT, headersMs: 60_000, requestMs: 60_000 };
    await using served = await serve({ metrics: { render: () => inOnePiece(page), contentType: "text/plain" } }, limits);
    const attacker = attack(served, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    attacker.socket.pause();
    // Whoever writes hears that the connection is gone; these are the headers of a next request.
    attacker.socket.write("GET / HTTP/1.1\r\nX: ");
    await until(() => {
      if (!attacker.isClosed()) attacker.socket.write("a");
      return attacker.isClosed();
    }, "it to be cut off");
    expect(attacker.socket.bytesRead).toBeLessThan(page.length);
    expect(await healthy(served)).toBe(200);
  });
});

test("one that goes away while its answer is made leaves nothing behind", async () => {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let waiting = 0;
  const clock: Clock = {
    ...systemClock,
    after(ms, callback) {
      waiting += 1;
      const cancel = systemClock.after(ms, callback);
      return () => {
        waiting -= 1;
        cancel();
      };
    },
  };
  const render = () => {
    asked.resolve();
    return inOnePiece(gate.promise.then(() => "page\n"));
  };
  await using served = await serve({ clock, metrics: { render, contentType: "text/plain" } });
  const leaving = new AbortController();
  const left = ask(`${served.url}/metrics`, { signal: leaving.signal });
  await asked.promise;
  leaving.abort();
  await expect(left).rejects.toThrow();
  expect(await healthy(served)).toBe(200);
  gate.resolve();
  expect((await ask(`${served.url}/metrics`)).text).toBe("page\n");
  await until(() => waiting === 0, "nothing to wait any more");
});

describe("too much is refused", () => {
  test.each([
    ["a URL of 3 kB", `GET /metrics?${"x".repeat(3000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 414],
    ["a URL of 100 kB", `GET /${"x".repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    ["a header of 100 kB", `GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(100_000)}\r\n\r\n`, 431],
    ["10,000 headers", `GET /metrics HTTP/1.1\r\nHost: localhost\r\n${"X: y\r\n".repeat(10_000)}\r\n`, 431],
    ["a body of 5 kB", `POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n${"x".repeat(5000)}`, 413],
    ["an announced terabyte", "POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n", 413],
    [
      "a chunked body of 5 kB",
      `POST /-/reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n${"x".repeat(5000)}\r\n0\r\n\r\n`,
      413,
    ],
    ["two lengths", "POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400],
    [
      "a length and chunks",
      "POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
    ["a tunnel", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", undefined],
  ])("%s", async (_, send, status) => {
    let reloads = 0;
    await using served = await serve(
      {
        reload: async () => {
          reloads += 1;
          return { ok: true };
        },
      },
      SHORT,
    );
    const attacker = attack(served, send);
    await until(() => attacker.received() !== "" || attacker.isClosed(), "an answer, or the end");
    if (status !== undefined) expect(attacker.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    else expect(attacker.received()).toBe("");
    expect(reloads).toBe(0);
    expect(await healthy(served)).toBe(200);
  });

  test("a body without end, to a path that takes none, is cut off", async () => {
    await using served = await serve({}, SHORT);
    const attacker = attack(served, "POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    await until(() => {
      if (!attacker.isClosed() && attacker.socket.writableLength < 1e6) attacker.socket.write(chunk);
      return attacker.isClosed();
    }, "it to be cut off");
    expect(attacker.received()).toMatch(/^HTTP\/1\.1 405 /);
  });

  test("a thousand requests at once on one connection: eight are answered, the rest is not even begun", async () => {
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    const targets = () => {
      asked += 1;
      return [];
    };
    await using served = await serve({
      targets,
      metrics: { render: () => inOnePiece(gate.promise.then(() => "page\n")), contentType: "text/plain" },
    });
    const waiting = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(8);
    const attacker = attack(served, waiting + "GET /api/v1/targets HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000));
    expect(await healthy(served)).toBe(200);
    gate.resolve();
    await attacker.closed;
    const statuses = [...attacker.received().matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
    expect(statuses.slice(0, 9)).toEqual([...Array(8).fill(200), 429]);
    expect(asked).toBe(0);
  });

  test("a flood of probes: eight run, the rest is 429", async () => {
    const gate = Promise.withResolvers<void>();
    let running = 0;
    const probeNow = async () => {
      running += 1;
      await gate.promise;
      return recordOf(model, up(answered));
    };
    await using served = await serve({ probeNow });
    const flood = Array.from({ length: 200 }, () => ask(`${served.url}/probe?target=kimi`).then(({ status }) => status));
    await until(() => running === 8, "eight to run");
    expect(await healthy(served)).toBe(200);
    const refused = Promise.all(flood).then((all) => all.filter((status) => status === 429).length);
    gate.resolve();
    expect(await refused).toBeGreaterThanOrEqual(100);
    expect(running).toBeLessThan(100);
  });

  test("fifty scrapes at once cost one page", async () => {
    const gate = Promise.withResolvers<void>();
    let pages = 0;
    const render = () => {
      pages += 1;
      return inOnePiece(gate.promise.then(() => "page\n"));
    };
    await using served = await serve({ metrics: { render, contentType: "text/plain" } });
    const scrapes = Array.from({ length: 50 }, (_, index) =>
      ask(`${served.url}/metrics`, { headers: index % 2 === 0 ? { "accept-encoding": "gzip" } : {} }),
    );
    await until(() => pages > 0, "a page to be begun");
    expect(await healthy(served)).toBe(200);
    gate.resolve();
    expect((await Promise.all(scrapes)).every(({ status }) => status === 200)).toBe(true);
    expect(pages).toBeLessThan(5);
    expect((await ask(`${served.url}/metrics`)).text).toBe("page\n");
  });
});
