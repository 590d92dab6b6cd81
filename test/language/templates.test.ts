/** The beginnings of scenarios that editors offer are scenarios: right, as the printer writes them, and they pass. */
import { describe, expect, test } from 'vitest';
import { checkScenario, checkText, parse, print, SCENARIO_TEMPLATES } from '../../sim-core/src/index.ts';

test('each has an id of its own', () => {
  expect(new Set(SCENARIO_TEMPLATES.map(({ id }) => id)).size).toBe(SCENARIO_TEMPLATES.length);
});

describe.each(SCENARIO_TEMPLATES)('$id', ({ text, about }) => {
  const parsed = parse(text);

  test('is right, and printed as it is', () => {
    expect(about).toMatch(/\.$/);
    expect([...parsed.diagnostics, ...checkText(parsed, { includes: () => undefined })]).toEqual([]);
    expect(print(parsed)).toBe(text);
  });

  test('passes on the kernels that it names', () => {
    const { diagnostics, kernels } = checkScenario(parsed);
    expect(diagnostics).toEqual([]);
    expect(kernels.map(({ profile, passed }) => [profile.name, passed])).toEqual(
      kernels.map(({ profile }) => [profile.name, true]),
    );
  });
});
