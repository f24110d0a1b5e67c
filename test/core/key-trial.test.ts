import { describe, expect, test } from "vitest";
import { judgeKey, type KeyPoll } from "../../src/core/key-trial.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 1, 17, 5);
/** One letter a poll, one poll a minute: g good, r rejected by key and chat, k rejected by key only, o rejected while others fail, f failed, - unknown. */
const polls = (letters: string): KeyPoll[] =>
  [...letters].map((letter, minute): KeyPoll => {
    const at = START + minute * MINUTE;
    if (letter === "g") return { at, answer: "good" };
    if (letter === "f") return { at, answer: "failed" };
    if (letter === "-") return { at, answer: "unknown" };
    return { at, answer: "rejected", chatRejects: letter !== "k", othersFail: letter === "o" };
  });
const judged = (letters: string) => judgeKey(polls(letters));

describe("a key", () => {
  test.each([
    ["g", { valid: true, outage: false }],
    ["gggr", { outage: false }],
    ["gggrr", { outage: false }],
    ["gggrrr", { valid: false, outage: false }],
    // Never seen good: the wrong key from the start.
    ["rrr", { valid: false, outage: false }],
    // The network in between tells nothing, either way.
    ["gr-r-r", { valid: false, outage: false }],
    ["grr-", { outage: false }],
    ["gf", { outage: false }],
    // Good again: nothing is held against it.
    ["grrrg", { valid: true, outage: false }],
    ["grrgrr", { outage: false }],
    // Chat still takes it.
    ["gkkkkkk", { outage: false }],
  ])("after %s", (letters, judgement) => expect(judged(letters)).toEqual(judgement));
});

describe("an outage as in 2026-02: some 500s, then 401 for good keys", () => {
  test("35 minutes of 401 after 500s convict no key", () => {
    for (let minute = 1; minute <= 38; minute++) expect(judged(`ggfgf${"r".repeat(minute)}`)).toEqual({ outage: true });
    expect(judged(`ggfgf${"r".repeat(38)}g`)).toEqual({ valid: true, outage: false });
  });
  test("nor do rejections while others fail too, though no 500 was seen", () => {
    for (let minute = 3; minute <= 38; minute++) expect(judged(`ggg${"o".repeat(minute)}`)).toEqual({ outage: true });
  });
  test("a 500 long ago is another matter", () => {
    expect(judged(`f${"g".repeat(40)}rrr`)).toEqual({ valid: false, outage: false });
  });
  test("after an hour of 401 the key is bad, whatever it began with", () => {
    expect(judged(`gf${"r".repeat(61)}`)).toEqual({ valid: false, outage: false });
  });
});

test("a verdict stands until the key is good again, whatever happens to others meanwhile", () => {
  expect(judged("gggrrroooo")).toEqual({ valid: false, outage: false });
  expect(judged("gggrrroog")).toEqual({ valid: true, outage: false });
});
