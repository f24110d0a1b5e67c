/** Asked before all else is read: an older Node cannot even load it, and would only show where. */

const NEEDED = { major: 24, minor: 5 };

/** What is wrong with this version of Node and what to do; undefined when nothing is. */
export function tooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor)) return undefined;
  return `llm-healthd needs Node ${NEEDED.major}.${NEEDED.minor} or later, and was started by ${version}. Install a newer one, and start it by that: NODE -- dist/main.js`;
}
