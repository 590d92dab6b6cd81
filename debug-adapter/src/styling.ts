/** Colours of the debug console, for clients that show them. */

type Style = 'bad' | 'good' | 'quiet';

const CODES: Readonly<Record<Style, number>> = { bad: 31, good: 32, quiet: 2 };

/** What stands out in a line that the session says on its own. The first rule that fits counts. */
const RULES: readonly { readonly style: Style; readonly part: RegExp }[] = [
  { style: 'bad', part: /^Found: .*|^Deadlock.*|: refuted.*$/gm },
  { style: 'good', part: /: shown.*$/gm },
  { style: 'bad', part: /→ -1 E[A-Z0-9]+[^;:\n]*/g },
  { style: 'quiet', part: /^Branch \d+ begins.*|^This is (?:branch|the past).*/gm },
];

export function styledText(text: string): string {
  const rule = RULES.find(({ part }) => text.search(part) >= 0);
  if (!rule) return text;
  const code = CODES[rule.style];
  return text.replace(rule.part, (part) => `\u001b[${code}m${part}\u001b[0m`);
}
