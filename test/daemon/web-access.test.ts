/** The daemon under a web config file: what it refuses at the start, and what it says of a file that went bad. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CALM, runDaemon, sampleOf } from "../support/daemon.ts";

const folder = mkdtempSync(join(tmpdir(), "healthd-web-access-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "web.yaml");
const write = (yaml: string): void => writeFileSync(file, yaml, { mode: 0o600 });
const UNDER_IT = `${CALM}web: { config_file: "${file}" }\n`;
const IN_FORCE = "healthd_config_last_reload_successful";

test("a file that went bad is told in the log and in the metric, until it is mended", async () => {
  write("http_server_config: { headers: { X-Frame-Options: sameorigin } }\n");
  const running = await runDaemon(UNDER_IT);
  const frames = async (): Promise<string | null> => (await running.get("/")).headers.get("x-frame-options");
  expect([await frames(), sampleOf(await running.metrics(), IN_FORCE)]).toEqual(["sameorigin", 1]);
  write("basic_auth_users: { alice: secret-password }\n");
  expect([await frames(), sampleOf(await running.metrics(), IN_FORCE)]).toEqual(["sameorigin", 0]);
  const told = running.log().filter(({ msg }) => msg === "the new web config is wrong; the one before stays in force");
  expect(told).toHaveLength(1);
  expect(JSON.stringify(told)).toContain(`${file}:1:28  basic_auth_users.alice  found a text of 15 characters`);
  expect(JSON.stringify(told)).not.toContain("secret-password");
  // A reload of the config itself mends nothing of it.
  await running.daemon.reload();
  expect(sampleOf(await running.metrics(), IN_FORCE)).toBe(0);
  write("http_server_config: { headers: { X-Frame-Options: deny } }\n");
  expect([await frames(), sampleOf(await running.metrics(), IN_FORCE)]).toEqual(["deny", 1]);
  write("rate_limit: { interval: 1s, burst: 1 }\n");
  await frames();
  expect(running.log().map(({ msg }) => msg)).toContain("rate_limit: changed, and takes effect at the next start");
  await running.end();
});

test("a file that is wrong at the start is refused with every mistake", async () => {
  write("tls_server_config: { cert_file: none.crt }\n");
  await expect(runDaemon(UNDER_IT)).rejects.toThrow(
    /web\.yaml:1:1 {2}tls_server_config {2}found TLS without key[^\n]*\n[^\n]*cert_file {2}found no such file at "none\.crt"[^\n]*\nNothing was started/,
  );
});
