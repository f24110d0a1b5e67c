/** Each brings the file from the version of its place to the next; never change one that was released. Times are milliseconds since 1970. */

/** Of every run, well or not. `reason` of a skipped one is its cause. Numbers that others tell are `real`: an integer column refuses what is none. */
const OUTCOME = `id integer primary key, at integer not null, target text not null, kind text not null, verdict text not null, reason text not null,
  owner text, code real, via text, duration real, first_token real, input_tokens real, output_tokens real, cost_usd real, served_model text,
  provider text`;

export const MIGRATIONS: readonly string[] = [
  `create table spend (id integer primary key, credential text not null, target text not null, at integer not null, free integer not null, usd real not null) strict;
   create index spend_at on spend (at);
   create table last_run (target text primary key, at integer not null) strict`,

  // Two tables, each in the order of its ids: the old end of either is found and cut off without an index. What is long stands apart, so that a
  // search reads little.
  `create table run (${OUTCOME}) strict;
   create table failure (${OUTCOME}) strict;
   create table evidence (failure integer primary key references failure, model text, message text, request_id text, error_body text, request text) strict;
   create table incident (id integer primary key, opened_at integer not null, closed_at integer, fault text not null) strict;
   create index incident_closed on incident (closed_at);
   create table uptime (hours integer not null, target text not null, since integer not null, up integer not null, degraded integer not null,
     down integer not null, primary key (hours, target, since)) without rowid, strict`,
];
