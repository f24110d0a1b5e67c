/** Basic auth against bcrypt hashes. The only door to bcrypt, which computes on a thread of its own. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createRequire } from "node:module";

export type Compare = (password: Buffer, hash: string) => Promise<boolean>;
/** `busy`: too many wait for a comparison; it says nothing about the password. */
export type Verdict = "yes" | "no" | "busy";

export interface BasicAuth {
  /** `header` is Authorization's value, `users` maps names to bcrypt hashes. */
  admits(header: string | undefined, users: ReadonlyMap<string, string>): Promise<Verdict>;
}

/** A comparison takes 0.05 s and more, and is made for whoever asks: beyond this, strangers wait so long that they can be sent away. */
const MOST_WAITING = 32;

const require = createRequire(import.meta.url);
/** Native code: loaded only where there are passwords. */
const bcrypt = (): typeof import("@node-rs/bcrypt") => require("@node-rs/bcrypt");
const verify: Compare = (password, hash) => bcrypt().verify(password, hash);

/** Why no password can be compared on this machine, if so. */
export function whyNoPasswords(): string | undefined {
  try {
    bcrypt();
    return undefined;
  } catch (error) {
    // What else stands in it is whose file asked for it.
    return (error as Error).message.split("\n")[0];
  }
}

interface Login {
  readonly name: string;
  readonly password: Buffer;
}

function loginOf(header: string | undefined): Login | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  const colon = bytes.indexOf(":");
  return colon < 0 ? undefined : { name: bytes.subarray(0, colon).toString(), password: bytes.subarray(colon + 1) };
}

/** One comparison at a time: the others of libuv's four threads are for name look-ups and files, which the probes need. */
export function createBasicAuth(compare: Compare = verify): BasicAuth {
  // The password itself is not kept: only a digest that means nothing outside this process.
  let key: Buffer | undefined;
  const digest = (hash: string, password: Buffer): Buffer => {
    key ??= randomBytes(32);
    return createHmac("sha256", key).update(hash).update("\0").update(password).digest();
  };
  const known = new Map<string, Buffer>();
  const isKnown = (name: string, seen: Buffer): boolean => {
    const good = known.get(name);
    return good !== undefined && timingSafeEqual(good, seen);
  };
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  async function inTurn({ name, password }: Login, users: ReadonlyMap<string, string>): Promise<Verdict> {
    // An unknown name costs the same work as a known one, so that time does not tell which names there are.
    const own = users.get(name);
    const [anyone = ""] = users.values();
    const hash = own ?? anyone;
    const seen = digest(hash, password);
    if (own !== undefined && isKnown(name, seen)) return "yes";
    const equal = await compare(password, hash);
    if (!equal || own === undefined) return "no";
    known.set(name, seen);
    return "yes";
  }

  return {
    async admits(header, users) {
      const login = loginOf(header);
      if (login === undefined) return "no";
      const own = users.get(login.name);
      if (own !== undefined && isKnown(login.name, digest(own, login.password))) return "yes";
      if (waiting >= MOST_WAITING) return "busy";
      waiting += 1;
      const turn = last.then(() => inTurn(login, users));
      last = turn.catch(() => undefined);
      try {
        return await turn;
      } finally {
        waiting -= 1;
      }
    },
  };
}
