// Stands in for Function in bundles whose dependencies compile text: as under a content security policy without eval.
export class noFunction {
  constructor() {
    throw new EvalError('Code from text is not allowed.');
  }
}
