import { describe, expect, test } from "vitest";
import { cli } from "../support/cli.ts";

describe("demo, asked to end", () => {
  const FAULT = ["demo", "--listen", "127.0.0.1:0", "--fault", "key"];

  test("before all is up, promises nothing any more", async () => {
    const { code, out, err } = await cli(FAULT, { stop: AbortSignal.abort() });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^Starting /);
    expect(out).not.toMatch(/Ctrl-C|status page|is on now/);
  });

  test("later, has said where to look and what is broken", async () => {
    const stop = new AbortController();
    let told = "";
    const { code } = await cli(FAULT, {
      stop: stop.signal,
      out(text) {
        told += text;
        if (text.includes("Ctrl-C")) stop.abort();
      },
    });
    expect(code).toBe(0);
    expect(told).toMatch(/status page[\s\S]*fault key is on now; watch[\s\S]*Ctrl-C ends it/);
  });
});
