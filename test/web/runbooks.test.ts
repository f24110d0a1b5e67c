import { createHash } from "node:crypto";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { alertNames } from "../../src/mixin/alerts.ts";
import { parseMarkdown } from "../../src/runbooks/markdown.ts";
import { runbookPage } from "../../src/web/runbook-page.ts";
import { ask, serve } from "./setup.ts";

const allowsItsStyle = (policy: string, page: string): boolean => {
  const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
  return policy.includes(`'sha256-${createHash("sha256").update(style).digest("base64")}'`);
};

test("every alert's page is there, with the policy of the status page", async () => {
  await using served = await serve();
  for (const name of alertNames) {
    const { status, headers, text } = await ask(`${served.url}/runbooks/${name}`);
    expect({ name, status, type: headers["content-type"] }).toEqual({ name, status: 200, type: "text/html; charset=utf-8" });
    expect(text).toContain(`<h1>${name}</h1>`);
    expect(text).not.toMatch(/<script| style=| on\w+=|<img|<link (?!rel="icon" href="data:,")/);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(allowsItsStyle(policy, text)).toBe(true);
  }
});

test("steps are lists, commands are code, links lead to other runbooks or the web", async () => {
  await using served = await serve();
  const { text } = await ask(`${served.url}/runbooks/ModelRequestRejected`);
  expect(text).toContain("<h2>Mend</h2>");
  expect(text).toMatch(/<ol start="1">\n<li>/);
  expect(text).toMatch(/<pre><code>llm-healthd check qwen_coder\n/);
  expect(text).toContain('<a href="/runbooks/ModelMissing">ModelMissing</a>');
  expect(text).toContain('<a href="https://openrouter.ai/settings/privacy">');
  expect(text).toContain("reason=~&quot;bad_request|");
});

test("the index lists all, and the status page leads to it", async () => {
  await using served = await serve();
  const { status, text } = await ask(`${served.url}/runbooks`);
  expect(status).toBe(200);
  for (const name of alertNames) expect(text).toContain(`<dt><a href="/runbooks/${name}">${name}</a></dt><dd>`);
  expect((await ask(`${served.url}/`)).text).toContain('<a href="/runbooks">runbooks</a>');
});

test("a slash at the end leads to the same page", async () => {
  await using served = await serve();
  for (const [path, to] of [
    ["/runbooks/", "../runbooks"],
    ["/runbooks/ApiKeyRejected/", "../ApiKeyRejected"],
  ] as const) {
    const { status, headers } = await ask(`${served.url}${path}`);
    expect({ path, status, location: headers.location }).toEqual({ path, status: 308, location: to });
    const followed = await fetch(`${served.url}${path}`);
    expect({ status: followed.status, url: followed.url }).toEqual({ status: 200, url: `${served.url}${path.slice(0, -1)}` });
  }
  for (const path of ["/runbooks/Nonsense/", "/runbooks//", "/runbooks//evil.example/"])
    expect((await ask(`${served.url}${path}`)).status).toBe(404);
});

describe("nothing but runbooks can be had", () => {
  test.each([
    "README",
    "readme",
    "Nonsense",
    "ApiKeyRejected.md",
    "apikeyrejected",
    "..",
    "../README",
    "..%2f..%2fpackage.json",
    "%2e%2e%2f%2e%2e%2fpackage",
    "..%5c..%5cpackage.json",
    "%2fetc%2fpasswd",
    "ApiKeyRejected%00",
    "ApiKeyRejected/../../config",
    "constructor",
    "__proto__",
    "__proto__/",
  ])("/runbooks/%s", async (path) => {
    await using served = await serve();
    const { status, text } = await ask(`${served.url}/runbooks/${path}`);
    // Node's client resolves what is dotted in the clear, so such a path may arrive as another, existing one.
    if (new URL(`${served.url}/runbooks/${path}`).pathname.startsWith("/runbooks/")) expect(status).toBe(404);
    expect(text).not.toContain('"dependencies"');
    expect(text).not.toContain("root:");
  });

  test("a path with dots, sent as it is", async () => {
    await using served = await serve();
    const { host } = new URL(served.url);
    const raw = await sendRaw(host, "GET /runbooks/../../../../etc/passwd HTTP/1.1");
    expect(raw).toMatch(/^HTTP\/1\.1 404 /);
  });

  test("only by GET", async () => {
    await using served = await serve();
    expect((await ask(`${served.url}/runbooks/Watchdog`, { method: "POST" })).status).toBe(405);
    expect((await ask(`${served.url}/runbooks`, { method: "DELETE" })).status).toBe(405);
  });
});

test("what stands in a runbook cannot become HTML, nor a link that runs something", () => {
  const markdown =
    '# T\n\n<script>alert(1)</script> `<b>` **<i>** [x"y](javascript:alert`1`) [z](https://a.example/"onclick="b)\n\n```sh\n</code><script>\n```\n';
  const page = runbookPage({ name: "T", summary: "", blocks: parseMarkdown(markdown) });
  const [, article = ""] = /<article>([\s\S]*)<\/article>/.exec(page) ?? [];
  expect(article).not.toMatch(/<script|<b>|<i>|javascript:|"onclick/);
  expect(article).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(article).toContain('<a href="https://a.example/&quot;onclick=&quot;b">z</a>');
});

/** Sends a request line as it stands: the URL of a client would be made tidy first. */
function sendRaw(host: string, line: string): Promise<string> {
  const { hostname, port } = new URL(`http://${host}`);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(`${line}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
    socket.on("data", (chunk) => (answer += String(chunk)));
    socket.once("end", () => resolve(answer));
    socket.once("error", reject);
  });
}
