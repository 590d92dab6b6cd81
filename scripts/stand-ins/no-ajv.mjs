// Stands in for the validator of the MCP SDK that writes code. Its callers are given another one.
export class AjvJsonSchemaValidator {
  constructor() {
    throw new Error('The validator that compiles schemas is not part of this bundle.');
  }
}
