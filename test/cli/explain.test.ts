import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { markdownText } from "../../src/cli/markdown-text.ts";
import { reasonNames, reasons } from "../../src/core/reason.ts";
import { alertNames } from "../../src/mixin/alerts.ts";
import { codes } from "../../src/runbooks/codes.ts";
import { parseMarkdown } from "../../src/runbooks/markdown.ts";
import { cli } from "../support/cli.ts";

const explain = (...words: string[]) => cli(["explain", ...words]);

describe("an alert", () => {
  test("is its runbook, chapter by chapter", async () => {
    const { code, out, err } = await explain("StorageUnavailable");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^StorageUnavailable\ncritical, owner storage: A storage bucket /);
    for (const title of ["WHAT IT MEANS", "SEE IT", "CAUSES", "MEND", "SILENCE"]) expect(out).toContain(`\n\n${title}\n`);
    expect(out).toContain("\n    llm-healthd check files frontend\n");
    expect(out).toContain('\n    # PromQL\n    healthd_probe_last_outcome_info{kind="bucket"');
    expect(out).toMatch(/\n {2}1\. \S/);
    expect(out).toMatch(/\n {4}amtool silence add alertname=StorageUnavailable /);
  });

  test.each([...alertNames])("%s can be explained", async (name) => {
    const { code, out } = await explain(name);
    expect(code).toBe(0);
    expect(out.startsWith(`${name}\n`)).toBe(true);
  });
});

test("case and word breaks do not count", async () => {
  for (const word of ["storageunavailable", "STORAGE_UNAVAILABLE", "storage-unavailable"])
    expect((await explain(word)).out).toBe((await explain("StorageUnavailable")).out);
  // But where a reason and an alert have nearly one name, each has its own.
  expect((await explain("model_missing")).out).toMatch(/^model_missing\n/);
  expect((await explain("ModelMissing")).out).toMatch(/^ModelMissing\n/);
});

describe("a reason", () => {
  test.each(reasonNames.filter((name) => name !== "ok"))("%s says what it is, whose, what to do, and its runbook", async (name) => {
    const { code, out } = await explain(name);
    const flat = out.replaceAll(/\s+/g, " ").replaceAll("`", "");
    expect(code).toBe(0);
    expect(flat).toContain(reasons[name].says);
    expect(flat).toContain(reasons[name].remedy.replaceAll("`", ""));
    expect(out).toMatch(/• owner: \w/);
    const [, alert = ""] = /• alert: (\w+)/.exec(out) ?? [];
    expect(alertNames).toContain(alert);
    expect(out).toContain(`\n\n${alert}\n`);
    expect(out).toContain("\n\nWHAT IT MEANS\n");
  });

  test("whose alert depends on what was asked names them all", async () => {
    const flat = async (reason: string): Promise<string> => (await explain(reason)).out.replaceAll(/\s+/g, " ");
    expect(await flat("dns")).toContain(
      "alert: GatewayOutage (model, credential, catalog), StorageUnavailable (bucket), AppUnavailable (app), NetworkUnreachable (network); the runbook of the first",
    );
    expect(await flat("bad_request")).toContain("alert: ModelRequestRejected (model, credential, catalog), StorageAccessDenied (bucket);");
    expect(await flat("model_missing")).toContain("alert: ModelMissing; the runbook of it follows");
    expect(await flat("s3_integrity")).toContain("alert: StorageCorrupted; the runbook");
    expect(await flat("model_unavailable")).toContain(
      "alert: ProviderUnavailable (model, credential, catalog), ModelAtRisk (model, credential, catalog);",
    );
    expect((await explain("ok")).out).toContain("alert: none\n");
  });

  test("whose owner depends on what was asked names them all", async () => {
    expect((await explain("connect-refused")).out).toContain("gateway (model, credential, catalog), storage (bucket), app (app)");
    expect((await explain("ok")).out).toContain("owner: nobody");
  });
});

describe("a status code", () => {
  test.each([0, 200, 400, 401, 402, 403, 404, 408, 429, 500, 502, 503, 504])(
    "%i lists what it can mean, and leads to a runbook",
    async (status) => {
      const { code, out } = await explain(String(status));
      expect(code).toBe(0);
      for (const reason of codes[status]?.reasons ?? []) expect(out).toContain(`• ${reason}: `);
      if (status !== 200) expect(out).toContain("\nWHAT IT MEANS\n");
    },
  );

  test.each([405, 409, 413, 422, 499, 501, 520, 521, 522, 523, 524, 529, 530])("%i has a meaning of its own", async (status) => {
    const { code, out, err } = await explain(String(status));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(codes[status]?.reasons).toContain("app_status");
    expect(out).not.toContain("without a meaning of its own");
  });

  test("what the edge says leads to the runbook that names it", async () => {
    for (const status of ["520", "521", "522", "523"]) expect((await explain(status)).out).toMatch(/\nGatewayOutage\ncritical/);
    expect((await explain("413")).out).toMatch(/\nModelRequestRejected\ncritical/);
  });

  test.each([
    ["418", "A 4xx without a meaning of its own here: the request was refused", "• bad_request: ", "ModelRequestRejected"],
    ["505", "A 5xx without a meaning of its own here: the other side failed", "• gateway_error: ", "GatewayOutage"],
    ["302", "A 3xx without a meaning of its own here: go elsewhere", "• body_malformed: ", "GatewayOutage"],
    ["102", "A 1xx without a meaning of its own here", "• body_malformed: ", "GatewayOutage"],
    ["204", "A 2xx without a meaning of its own here: answered", "• ok: ", ""],
  ])("%s is what its hundred is", async (word, says, reason, book) => {
    const { code, out } = await explain(word);
    expect(code).toBe(0);
    expect(out.replaceAll(/\s+/g, " ")).toContain(says);
    expect(out).toContain(reason);
    if (book !== "") expect(out).toContain(`\n\n${book}\n`);
  });

  test.each(["600", "99", "1000", "4040", "-1", "-401"])("%s is none, and none is proposed", async (word) => {
    const { code, out, err } = await explain("--", word);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(`${word} is no status code: those go from 100 to 599, and 0 stands for no answer at all.\n`);
  });

  test("those of the first user's bad night", async () => {
    expect((await explain("400")).out).toMatch(
      /model_missing: .* → ModelMissing[\s\S]*vision_unsupported: .* → ModelVisionLost[\s\S]*\nModelMissing\n/,
    );
    expect((await explain("401")).out).toMatch(/unauthorized: .* → ApiKeyRejected[\s\S]*sk-or-v1-[\s\S]*\.env\.dev/);
    expect((await explain("503")).out).toMatch(/s3_slow_down: [\s\S]*→\s+StorageUnavailable[\s\S]*\nStorageUnavailable\n/);
  });

  test("every reason can be the meaning of some code", () => {
    const listed = new Set(Object.values(codes).flatMap((entry) => entry.reasons));
    expect(reasonNames.filter((name) => !listed.has(name))).toEqual(["prober_fault"]);
  });
});

describe("a word that means nothing", () => {
  test("proposes the nearest, and ends with 2", async () => {
    const { code, out, err } = await explain("StorageUnavailabel");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain('"StorageUnavailabel" is no status code, reason or alert');
    expect(err).toContain("Did you mean StorageUnavailable?");
  });

  test("proposes what holds it", async () => {
    expect((await explain("storage")).err).toContain(
      "Did you mean StorageUnavailable, StorageAccessDenied, StorageCorrupted, StorageSlow?",
    );
  });

  test.each(["", " ", "💥", "x", "o"])("%j is a slip of the hand for nothing", async (word) => {
    const { code, out, err } = await explain(word);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^".*" is no status code, reason or alert of ours\.\n/);
    expect(err).not.toContain("Did you mean");
  });

  test("says so when nothing is near, and does not act on it", async () => {
    const { code, err } = await explain("\u001b[31mxyzzyplugh");
    expect(code).toBe(2);
    expect(err).not.toContain("Did you mean");
    expect(err).not.toContain("\u001b");
    expect(await explain("../../README")).toMatchObject({ code: 2, out: "" });
  });
});

test("without a word: all of them", async () => {
  const { code, out } = await explain();
  expect(code).toBe(0);
  for (const word of [...alertNames, ...reasonNames, ...Object.keys(codes)]) expect(out).toMatch(new RegExp(`^${word} `, "m"));
});

describe("on a terminal", () => {
  const colours = (columns: number) => cli(["explain", "ModelRequestRejected"], { terminal: true, colour: true, columns });

  test("colours, and the same words without", async () => {
    const coloured = await colours(80);
    expect(coloured.out).toContain("\u001b[1mModelRequestRejected");
    expect(coloured.out).toContain("\u001b[36m");
    const flat = (text: string): string => stripVTControlCharacters(text).replaceAll("`", "").replaceAll(/\s+/g, " ");
    expect(flat(coloured.out)).toBe(flat((await explain("ModelRequestRejected")).out));
  });

  test.each([60, 80, 200])("of %i columns, sentences keep within it", async (columns) => {
    const { out } = await colours(columns);
    const prose = stripVTControlCharacters(out)
      .split("\n")
      .filter((line) => !line.startsWith("    ") && !/https?:|`|=|--/.test(line));
    const longest = Math.max(...prose.map((line) => line.length));
    expect(longest).toBeLessThanOrEqual(Math.min(columns, 92));
    expect(longest).toBeGreaterThan(Math.min(columns, 92) - 15);
  });

  test("that does not tell its width, the usual one is taken", async () => {
    expect((await colours(0)).out).toBe((await colours(80)).out);
  });
});

test("code is never broken over lines, lists hang, addresses are shown", () => {
  const blocks = parseMarkdown(
    "- one two three four five six seven `llm-healthd check --kind model --json` eight\n\nSee [here](https://a.example/b), [a.example/c](https://a.example/c) and [PaymentRequired](PaymentRequired.md).",
  );
  expect(markdownText(blocks, { colour: false, columns: 40 })).toBe(
    [
      "  • one two three four five six seven",
      "    `llm-healthd check --kind model --json`",
      "    eight",
      "",
      "See here (https://a.example/b),",
      "https://a.example/c and PaymentRequired.",
      "",
    ].join("\n"),
  );
});
