// The window that this VS Code shows, for tests that press keys and look at the screen.
// The packaged host offers it (test/vscode/host/workbench.mjs); a desktop VS Code does not.
import { address, post } from './runner.ts';

/** Whether there is a window that tests can drive. */
export function hasWindow(): boolean {
  return address('window') !== undefined;
}

export const window = {
  /** Presses one key or chord, such as `F5` or `Control+Shift+M`. */
  press: (keys: string) => ask<void>('press', keys),
  type: (text: string) => ask<void>('type', text),
  click: (selector: string) => ask<void>('click', selector),
  hover: (selector: string) => ask<void>('hover', selector),
  /** Waits until an element is visible. */
  waitFor: (selector: string) => ask<void>('waitFor', selector),
  /** The text of every element that the selector finds, with plain spaces. */
  texts: async (selector: string) =>
    (await ask<string[]>('texts', selector)).map((text) => text.replaceAll('\u00a0', ' ')),
  /** A computed style of every such element, `rgb(…)` for colours. */
  styles: (selector: string, property: string) => ask<string[]>('styles', selector, property),
  /** The same in the pages of webviews: selectors find what is in open shadow roots too. */
  viewWaitFor: (selector: string) => ask<void>('viewWaitFor', selector),
  viewClick: (selector: string) => ask<void>('viewClick', selector),
  viewSelect: (selector: string, value: string) => ask<void>('viewSelect', selector, value),
  viewFill: (selector: string, text: string) => ask<void>('viewFill', selector, text),
  viewFocus: (selector: string) => ask<void>('viewFocus', selector),
  /** Presses a key in a view that takes the focus away, and waits until the view has it again. */
  viewPressAndReturn: (selector: string, keys: string) => ask<void>('viewPressAndReturn', selector, keys),
  viewLabels: (selector: string) => ask<string[]>('viewLabels', selector),
  viewStyles: (selector: string, property: string) => ask<string[]>('viewStyles', selector, property),
  viewTexts: (selector: string) => ask<string[]>('viewTexts', selector),
  /** Writes test/vscode/screenshots/NAME.png, which git ignores. */
  screenshot: (name: string) => ask<void>('screenshot', name),
};

async function ask<Value>(action: string, ...args: string[]): Promise<Value> {
  return (await post('window', { action, args })) as Value;
}
