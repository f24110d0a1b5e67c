/** docs/web-config.md, made from the schema. */
import { chapters } from "../../config/docs.ts";
import { webConfigSchema } from "./schema.ts";

const INTRODUCTION = `# Web config: TLS, client certificates, passwords

<!-- Made by \`npm run generate\` from src/web/web-config/. -->

The file format is the one of Prometheus' exporter-toolkit, so what works for node_exporter works here, and \`promtool check web-config\` reads it.
Name the file with \`web.config_file\` in the config, or \`--web.config.file\` of \`llm-healthd run\`; \`llm-healthd validate\` tells every mistake in it at once.
[config/web.yaml](../config/web.yaml) is an example with everything that keeps strangers out. File names in it begin at its own folder.

Without it the daemon speaks plain HTTP, on loopback only unless \`web.listen\` says otherwise, and then warns at the start.

**A change counts at once.** Users and headers are those of the file at each request, certificates at each new connection; connections that are open
go on. A file that has become wrong changes nothing: the one before stays in force, the log has every mistake, and
\`healthd_config_last_reload_successful\` is 0 until it is mended. TLS on or off, whether clients are asked for a certificate at all,
\`http2\` and \`rate_limit\` wait for the next start, and the log says so.

**Each request** passes the rate limit (429), the host name (421), and the password (401), in this order, on every path: health checks too.
Give Kubernetes' probes the \`Authorization\` header, or check the port alone.

**Host names.** On loopback the server answers only to addresses, \`localhost\` and the names in \`web.hosts\`: a web page that points its own name at
127.0.0.1 reads nothing. Behind a reverse proxy that hands on the name it was asked for, add that name to \`web.hosts\`.

**Passwords** are bcrypt hashes: \`htpasswd -nBC 12 alice\` prints one. A right password is compared once and then remembered as a digest; wrong ones and
unknown users cost a comparison each, one at a time, off the thread that probes. Passwords without TLS can be overheard.

**Client certificates** are refused after the handshake: the connection ends, and a client of TLS 1.3 sees that as a reset.
Those that clients show must be signed by \`client_ca_file\`; \`client_allowed_sans\` narrows that to names.

Stricter than exporter-toolkit: a \`min_version\` above \`max_version\`, suites of TLS 1.3 alone below it, a client CA file without a certificate in it, bcrypt hashes that are not
\`$2a$\`, \`$2b$\` or \`$2y$\` and 60 characters long, header values with line breaks, a \`rate_limit\` whose burst lets nothing through, a second YAML
document, and a user called \`__proto__\` are refused.

A scrape of all this:

\`\`\`yaml
scrape_configs:
  - job_name: llm-healthd
    scheme: https
    basic_auth: { username: prometheus, password_file: /etc/prometheus/healthd-password }
    tls_config: { ca_file: ca.crt, cert_file: prometheus.crt, key_file: prometheus.key }
    static_configs: [{ targets: ["healthd.example.net:10556"] }]
\`\`\`
`;

export function webConfigDoc(): string {
  return `${[INTRODUCTION, ...chapters(webConfigSchema)].join("\n").trimEnd()}\n`;
}
