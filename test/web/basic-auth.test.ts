import { hash, verify } from "@node-rs/bcrypt";
import { beforeAll, expect, test } from "vitest";
import { createBasicAuth } from "../../src/web/basic-auth.ts";

const login = (name: string, password: string): string => `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
const users = new Map<string, string>();
beforeAll(async () => {
  users.set("alice", await hash("correct-horse", 4));
  users.set("bob", await hash("pässwörd:with colons", 4));
});

/** Real comparisons, counted. */
function counted() {
  let now = 0;
  const seen = { comparisons: 0, mostAtOnce: 0 };
  const auth = createBasicAuth(async (password, hashed) => {
    seen.comparisons += 1;
    now += 1;
    seen.mostAtOnce = Math.max(seen.mostAtOnce, now);
    try {
      return await verify(password, hashed);
    } finally {
      now -= 1;
    }
  });
  return { auth, seen };
}

test.each([
  ["the right password", login("alice", "correct-horse"), "yes"],
  ["a password with colons and umlauts", login("bob", "pässwörd:with colons"), "yes"],
  ["another's password", login("bob", "correct-horse"), "no"],
  ["a wrong password", login("alice", "Correct-horse"), "no"],
  ["no password", login("alice", ""), "no"],
  ["an unknown user", login("mallory", "correct-horse"), "no"],
  ["a user called __proto__", login("__proto__", "correct-horse"), "no"],
  ["the scheme in small letters", login("alice", "correct-horse").replace("Basic", "basic"), "yes"],
  ["another scheme", login("alice", "correct-horse").replace("Basic", "Bearer"), "no"],
  ["no base64", "Basic alice:correct-horse", "no"],
  ["no colon", `Basic ${Buffer.from("alice").toString("base64")}`, "no"],
  ["nothing", undefined, "no"],
] as const)("%s: %s is %s", async (_, header, verdict) => {
  expect(await createBasicAuth().admits(header, users)).toBe(verdict);
});

test("unknown and known users cost the same number of comparisons, each time they are wrong", async () => {
  const { auth, seen } = counted();
  const costOf = async (name: string): Promise<number> => {
    const before = seen.comparisons;
    for (let index = 0; index < 5; index += 1) expect(await auth.admits(login(name, "wrong"), users)).toBe("no");
    return seen.comparisons - before;
  };
  expect([await costOf("alice"), await costOf("mallory"), await costOf("")]).toEqual([5, 5, 5]);
});

test("a password that was right is compared once, until its hash changes or its user goes", async () => {
  const { auth, seen } = counted();
  const changing = new Map(users);
  for (let index = 0; index < 20; index += 1) expect(await auth.admits(login("alice", "correct-horse"), changing)).toBe("yes");
  expect(seen.comparisons).toBe(1);
  changing.set("alice", await hash("new-password", 4));
  expect(await auth.admits(login("alice", "correct-horse"), changing)).toBe("no");
  changing.delete("alice");
  expect(await auth.admits(login("alice", "correct-horse"), changing)).toBe("no");
  expect(seen.comparisons).toBe(3);
});

test("one comparison at a time; a flood is sent away, and who was let in before is not kept waiting", async () => {
  const { auth, seen } = counted();
  expect(await auth.admits(login("alice", "correct-horse"), users)).toBe("yes");
  const flood = Array.from({ length: 200 }, (_, index) => auth.admits(login("alice", `guess ${index}`), users));
  const before = seen.comparisons;
  expect(await auth.admits(login("alice", "correct-horse"), users)).toBe("yes");
  expect(seen.comparisons - before).toBeLessThanOrEqual(1);
  const verdicts = await Promise.all(flood);
  expect(verdicts.filter((verdict) => verdict === "no")).toHaveLength(32);
  expect(verdicts.filter((verdict) => verdict === "busy")).toHaveLength(168);
  expect(seen.mostAtOnce).toBe(1);
});

test("logins that are right and come together are compared once", async () => {
  const { auth, seen } = counted();
  const together = await Promise.all(Array.from({ length: 10 }, () => auth.admits(login("bob", "pässwörd:with colons"), users)));
  expect(new Set(together)).toEqual(new Set(["yes"]));
  expect(seen.comparisons).toBe(1);
});
