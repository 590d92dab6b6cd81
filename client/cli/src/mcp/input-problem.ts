/** What is wrong with the arguments of a tool's call, in the words of who made it. */
import { nearest } from '@snoopscope/sim-core';
import { fromJSONSchema } from 'zod';
import type { ToolInput, ToolSchema } from './tools.ts';

/** A sentence for each argument that does not fit; undefined when all do. */
export function problemOf(schema: ToolSchema, input: ToolInput): string | undefined {
  const names = Object.keys(schema.properties);
  const unknown = Object.keys(input).find((key) => !Object.hasOwn(schema.properties, key));
  if (unknown !== undefined) {
    const near = nearest(unknown, names);
    return `Unknown argument \`${unknown}\`.${near ? ` Did you mean \`${near}\`?` : ''} Arguments: ${names.join(', ')}.`;
  }
  const missing = schema.required?.find((name) => input[name] === undefined);
  if (missing !== undefined)
    return `The argument \`${missing}\` is missing: ${schema.properties[missing]?.description}`;
  const { error } = fromJSONSchema(schema).safeParse(input);
  const wrong = new Set(error?.issues.map(({ path: [name = ''] }) => String(name)));
  if (wrong.size === 0) return undefined;
  return [...wrong].map((name) => `\`${name}\` must be ${kindOf(schema.properties[name])}.`).join(' ');
}

/** `a string`, `one of text and json`. */
function kindOf(property: ToolSchema['properties'][string] | undefined): string {
  if (property?.enum) return `one of ${property.enum.join(', ')}`;
  switch (property?.type) {
    case 'integer':
      return 'a whole number, 0 or more';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'an array of one or more strings';
    default:
      return 'a string';
  }
}
