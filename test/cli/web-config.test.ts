/** A web config file as the commands meet it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CliWorld, startCliWorld } from "../support/cli.ts";

let world: CliWorld;
beforeAll(async () => {
  world = await startCliWorld();
});
afterAll(() => world.end());

const SITE = `apps: { site: { url: "$APP" } }\nhistory: { path: ":memory:" }\n`;
const BAD = "basic_auth_users: { alice: secret-password }\ntls_server_config: { cert_file: none.crt, key_file: none.key }\n";

test("validate names every mistake of the web config too", async () => {
  world.file("web.yaml", BAD);
  const config = world.file("healthd.yaml", `${SITE}web: { config_file: web.yaml }\n`);
  const { code, err } = await world.cli(["validate", "--offline", "--config", config]);
  expect(code).toBe(2);
  expect(err).toContain("web.yaml:1:28  basic_auth_users.alice  found a text of 15 characters that is no bcrypt hash");
  expect(err).toContain('web.yaml:2:33  tls_server_config.cert_file  found no such file at "none.crt"');
  expect(err).not.toContain("secret-password");
  world.file("web.yaml", "");
  expect((await world.cli(["validate", "--offline", "--config", config])).code).toBe(0);
});

test.each([
  ["is wrong", BAD, "web.yaml:1:28  basic_auth_users.alice"],
  ["is not there", undefined, "nowhere.yaml  found no such file"],
])("run does not start under a file that %s, though the config names a good one", async (_, text, told) => {
  world.file("good.yaml", "");
  const config = world.file("healthd.yaml", `${SITE}web: { config_file: good.yaml }\n`);
  const file = text === undefined ? `${world.folder}/nowhere.yaml` : world.file("web.yaml", text);
  const { code, err } = await world.cli(["run", "--config", config, "--listen", "127.0.0.1:0", "--web.config.file", file]);
  expect(code).toBe(2);
  expect(err).toContain(told);
  expect(err).toContain("Nothing was started: the web config is wrong.");
});
