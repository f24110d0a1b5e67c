/** A daemon whose server is attacked from all sides at once: probing goes on undisturbed, and afterwards everything is as before. */
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { runDaemon } from "../support/daemon.ts";
import { until } from "../support/programs.ts";
import { STANDARD } from "../support/world.ts";

const BUSY = `${STANDARD.replace("api_key: $KEY,", "every: 3s, timeout: 3s, api_key: $KEY,")}defaults: { every: 1h, timeout: 30s }\n`;

const SENT: Readonly<Record<string, string>> = {
  silent: "",
  slow: "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ",
  "long URL": `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  "long header": `GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
  pipeline: "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200),
  "path trick": "GET /-/healthy/../../config HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "huge body": `POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n${"x".repeat(100_000)}`,
  probe: "GET /probe?target=files HTTP/1.1\r\nHost: localhost\r\n\r\n",
  scrape: "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n",
};

const handles = (): number => process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP")).length;

test("1,000 idle connections, slow ones, floods and nonsense", { timeout: 120_000 }, async () => {
  const running = await runDaemon(BUSY);
  const port = Number(new URL(running.daemon.url).port);
  const sockets: Socket[] = [];
  let refused = 0;
  const attack = (send: string): void => {
    const socket = connect(port, "127.0.0.1");
    socket
      .on("error", () => undefined)
      .on("data", (chunk) => {
        if (String(chunk).startsWith("HTTP/1.1 429")) refused += 1;
      });
    socket.write(send);
    sockets.push(socket);
  };
  const looked = () => running.records.filter(({ target }) => target.name === "openrouter");
  const before = handles();
  try {
    const begun = looked().length;
    for (let index = 0; index < 1000; index += 1) attack("");
    for (let round = 0; round < 5; round += 1) {
      for (const send of Object.values(SENT)) for (let index = 0; index < 5; index += 1) attack(send);
      for (let index = 0; index < 20; index += 1) attack(SENT.probe ?? "");
      // In the middle of it Prometheus comes by, and gets its page.
      expect(await running.metrics()).toContain("healthd_probe_success{");
      const seen = looked().length;
      await until(() => looked().length > seen, "the next probe");
    }
    const during = looked().slice(begun);
    expect(during.length).toBeGreaterThanOrEqual(5);
    expect(during.map(({ outcome }) => outcome.verdict)).toEqual(Array(during.length).fill("up"));
    expect(refused).toBeGreaterThan(0);
    // 256 connections on the server's side, and as many ends of them here.
    await until(
      () => sockets.filter(({ destroyed, readyState }) => !destroyed && readyState === "open").length <= 256,
      "the crowd to be thinned",
    );
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  expect((await running.get("/-/healthy")).status).toBe(200);
  expect(await running.metrics()).toContain("healthd_probe_success{");
  await until(() => handles() <= before + 2, "all handles to be given back");
  const errors = running.log().filter(({ level }) => level === "error" || level === "fatal");
  expect(errors).toEqual([]);
  await running.end();
});
