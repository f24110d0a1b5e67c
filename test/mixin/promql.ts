/** What an expression selects, by the grammar that Prometheus's own web page uses. */
import { parser } from "@prometheus-io/lezer-promql";

export interface Matcher {
  readonly label: string;
  /** `=`, `!=`, `=~` or `!~`. */
  readonly op: string;
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** Its range, as written: `5m`. */
  readonly range?: string;
  /** The function that it is handed to straight away. */
  readonly call?: string;
}

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** Grafana's variables are no durations of PromQL's; as long as what was there, so that places in one are places in the other. */
const readable = (expr: string): string =>
  expr.replaceAll(/(\[|offset )(\$\w+)/g, (_, before: string, name: string) => `${before}5m${" ".repeat(name.length - 2)}`);

/** The pieces that the grammar could not read. */
export function syntaxErrors(expr: string): string[] {
  const text = readable(expr);
  const broken: string[] = [];
  parser.parse(text).iterate({
    enter: (node) => {
      if (node.type.isError) broken.push(text.slice(Math.max(0, node.from - 10), node.to + 10));
    },
  });
  return broken;
}

function matchersOf(node: SyntaxNode, text: (of: SyntaxNode) => string): Matcher[] {
  const all = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
  return all.map((matcher) => {
    const [label, op, value] = ["LabelName", "MatchOp", "StringLiteral"].map((part) => matcher.getChild(part));
    return { label: label ? text(label) : "", op: op ? text(op) : "", value: value ? String(JSON.parse(text(value))) : "" };
  });
}

/** The call around it, with nothing but a range, an offset or parentheses between. */
function callAround(node: SyntaxNode, text: (of: SyntaxNode) => string): string | undefined {
  let at = node.parent;
  while (at !== null && ["MatrixSelector", "OffsetExpr", "ParenExpr", "FunctionCallBody"].includes(at.name)) at = at.parent;
  const name = at?.name === "FunctionCall" ? at.getChild("FunctionIdentifier") : null;
  return name ? text(name) : undefined;
}

export function selectorsOf(expr: string): Selector[] {
  const text = (of: SyntaxNode): string => expr.slice(of.from, of.to);
  const found: Selector[] = [];
  parser.parse(readable(expr)).iterate({
    enter: ({ name, node }) => {
      if (name !== "VectorSelector") return;
      const metric = node.getChild("Identifier");
      const { parent } = node;
      const range = parent?.name === "MatrixSelector" ? expr.slice(node.to, parent.to).replaceAll(/[[\]\s]/g, "") : undefined;
      const call = callAround(node, text);
      found.push({
        metric: metric ? text(metric) : "",
        matchers: matchersOf(node, text),
        ...(range === undefined ? {} : { range }),
        ...(call === undefined ? {} : { call }),
      });
    },
  });
  return found;
}

/** Labels of `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`. */
export function groupingOf(expr: string): string[] {
  const found: string[] = [];
  parser.parse(readable(expr)).iterate({
    enter: ({ name, node, from, to }) => {
      if (name === "LabelName" && node.parent?.name === "GroupingLabels") found.push(expr.slice(from, to));
    },
  });
  return found;
}
