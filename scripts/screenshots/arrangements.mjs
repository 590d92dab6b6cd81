// What the window shows in each picture of README.md, docs/ and the walkthrough: name → what to do until it does. Each
// begins with the scenario open.
const topFrame = '.debug-top-stack-frame-line';

/** Milliseconds after which a view will not show what is asked for. */
const PATIENCE = 60_000;

/** What a selector finds in the page of some view. Pages of views are in frames of frames. */
export async function inViews(page, selector) {
  for (const began = Date.now(); Date.now() - began < PATIENCE; ) {
    for (const frame of page.frames()) {
      const found = frame.locator(selector).first();
      if (frame !== page.mainFrame() && (await found.count().catch(() => 0)) > 0) return found;
    }
    await page.waitForTimeout(100);
  }
  throw new Error(`no view shows ${selector}`);
}

/** Runs a command by its title, as the palette lists it. */
export async function command(page, title) {
  await page.keyboard.press('F1');
  await page.locator('.quick-input-widget').waitFor();
  await page.keyboard.type(title);
  await page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
}

export async function toStaleRead(page) {
  await page.keyboard.press('F5');
  await page.locator(topFrame).first().waitFor();
  await page.keyboard.press('Control+J'); // closes the panel: room for the explanation
  await page.keyboard.press('F5');
  await page.locator('.zone-widget.exception-widget-container').first().waitFor();
}

export async function openQuickly(page, name, shown) {
  await page.keyboard.press('Control+P');
  await page.keyboard.type(name);
  await page
    .locator('.quick-input-list .monaco-list-row', { hasText: name.slice(0, 12) })
    .first()
    .waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.view-line', { hasText: shown }).first().waitFor();
}

export const lens = (page, title) => page.locator('.codelens-decoration a', { hasText: title }).first();

/** The panel Snoopscope alone, with the run at its finding. */
async function views(page) {
  await page.keyboard.press('Control+B');
  await toStaleRead(page);
  await command(page, 'Snoopscope: Focus on Timeline View');
  await inViews(page, 'snoop-timeline svg [aria-label^="Cause 1:"]').then((found) => found.waitFor());
  await page.locator('.panel .codicon-panel-maximize, .panel .codicon-screen-full').first().click();
  await page.mouse.move(720, 890);
}

/** One view in the whole panel: the others are folded. */
async function view(page, name) {
  await views(page);
  await command(page, `Snoopscope: Focus on ${name} View`);
  for (const other of ['Timeline', 'Memory', 'Topology'].filter((each) => each !== name)) {
    const header = page.locator('.panel .pane-header', { hasText: other }).first();
    if ((await header.getAttribute('aria-expanded')) === 'true') await header.click();
  }
  const drawn = await inViews(page, `snoop-${name.toLowerCase()} svg`);
  await drawn.waitFor();
  await page.mouse.move(720, 890);
}

/** The whole window. */
export const pictures = {
  /** As a newcomer has it before the first key. */
  async open(page) {
    await page.mouse.move(720, 790);
  },
  async entry(page) {
    await page.keyboard.press('Control+Shift+D');
    await page.keyboard.press('F5');
    await page.locator('.repl .monaco-list-row', { hasText: 'help' }).first().waitFor();
    await page.locator('.debug-variables .monaco-list-row', { hasText: 'container' }).first().waitFor();
    await page.mouse.move(720, 790);
  },
  async end(page) {
    await page.keyboard.press('Control+Shift+D');
    await page.keyboard.press('F5');
    await page.locator(topFrame).first().waitFor();
    await page.keyboard.press('F5');
    await page.locator('.zone-widget.exception-widget-container').first().waitFor();
    await page.keyboard.press('F5');
    await page.locator('.repl .monaco-list-row', { hasText: 'it holds at the end of this run' }).first().waitFor();
    await page.locator('.debug-variables .monaco-list-row', { hasText: 'r0' }).first().waitFor();
    await page.mouse.move(720, 790);
  },
  async 'stale-read'(page) {
    await page.keyboard.press('Control+Shift+D');
    await toStaleRead(page);
    // The view shows the stop before for a moment, with variables that are no longer there.
    await page.locator('.debug-variables .monaco-list-row', { hasText: 'r0' }).first().waitFor();
    await page.locator('.debug-variables .monaco-list-row', { hasText: 'Caches' }).first().click();
    await page.locator('.debug-variables .monaco-list-row', { hasText: 'cpu0' }).first().waitFor();
    // The pointer would show a hover of its own.
    await page.mouse.move(720, 890);
  },
  async ask(page) {
    await page.keyboard.press('F5');
    await page.locator(topFrame).first().waitFor();
    await page.keyboard.press('Control+Shift+D');
    await page.keyboard.press('F5');
    await page.locator('.zone-widget.exception-widget-container').first().waitFor();
    await page.keyboard.press('Control+Shift+Y');
    for (const [question, answer] of [
      ['who x', 'was written last'],
      ['why flushes(cpu0)', 'runs on no pCPU'],
    ]) {
      await page.locator('.repl-input-wrapper .monaco-editor').click();
      await page.keyboard.type(question);
      await page.keyboard.press('Enter');
      await page.locator('.repl .monaco-list-row', { hasText: answer }).first().waitFor();
    }
    await page.mouse.move(720, 790);
  },
  async 'who-moves'(page) {
    await page.keyboard.press('Control+P');
    await page.keyboard.type('release-and-open-take-locks-crosswise.snoop');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'crosswise' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.view-line', { hasText: 'scenario' }).first().waitFor();
    await page.keyboard.press('F5');
    await page.locator(topFrame).first().waitFor();
    await page.keyboard.press('Control+J');
    await page.keyboard.press('Control+Shift+D');
    await page.keyboard.press('F5');
    await page.locator('.zone-widget.exception-widget-container').first().waitFor();
    await page.locator('.debug-toolbar .codicon-debug-step-back').first().click();
    await page.locator('.zone-widget.exception-widget-container').first().waitFor({ state: 'detached' });
    await page.locator('.debug-toolbar .codicon-git-branch').first().click();
    await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  },
  async explore(page) {
    await openQuickly(page, 'migrated-after-flush-lost-cpu.snoop', 'is lost from the dirty mask');
    await page.keyboard.press('Control+B'); // closes the side bar: room for the page
    await lens(page, 'Explore').click();
    await (await inViews(page, 'snoop-outcomes svg [aria-label^="stale-read"]')).click();
    await page.locator('.zone-widget.exception-widget-container').first().waitFor();
    await page.keyboard.press('Control+J');
    await page.mouse.move(720, 890);
  },
  async 'quick-fix'(page) {
    await page
      .locator('.view-line', { hasText: 'KVM_DEV_VFIO_GROUP_ADD' })
      .first()
      .getByText('KVM_DEV_VFIO_GROUP_ADD')
      .dblclick();
    await page.keyboard.type('KVM_DEV_VFIO_GROUP_AD');
    await page.locator('.squiggly-error').first().waitFor();
    await page.keyboard.press('Escape'); // closes the completion list
    // The server may not have the fix yet.
    const offered = page.locator('.action-widget').first();
    do await page.keyboard.press('Control+.');
    while (
      !(await offered.waitFor({ timeout: 4000 }).then(
        () => true,
        () => false,
      ))
    );
  },
  async hover(page) {
    await page.locator('.view-line').getByText('KVM_CREATE_DEVICE').first().hover();
    await page.locator('.monaco-hover:visible .hover-row').first().waitFor();
  },
  timeline: (page) => view(page, 'Timeline'),
  memory: (page) => view(page, 'Memory'),
  topology: (page) => view(page, 'Topology'),
  async testing(page) {
    await page.keyboard.press('Control+End');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+End');
    await page.keyboard.type('~exists gpu.r0 == 0 on v5.10..');
    await page.keyboard.press('Escape'); // closes the completion list
    await command(page, 'Test: Run Tests in Current File');
    // At the line or in the panel: the panel may open, and leave no room for the line.
    await page.locator('.codicon-testing-failed-icon').first().waitFor({ state: 'attached' });
    await command(page, 'Test: Peek Output');
    await page.locator('.floating-click-widget', { hasText: 'Debug Counterexample' }).first().waitFor();
    await page.mouse.move(720, 790);
  },
  async coverage(page) {
    await command(page, 'Test: Run Tests with Coverage in Current File');
    await page.locator('.coverage-deco-gutter').first().waitFor({ state: 'attached' });
    // The results may be in the panel, which leaves little room for the lines.
    if (await page.locator('.part.panel').isVisible()) await page.keyboard.press('Control+J');
    await page.keyboard.press('Control+1');
    await page.keyboard.press('Control+End');
    await page.locator('.coverage-deco-gutter').first().waitFor();
    await page.mouse.move(720, 890);
  },
  async gallery(page) {
    await page.locator('.activitybar a[aria-label^="Snoopscope"]').first().click();
    const topic = page.locator('.pane-body .monaco-list-row', { hasText: 'wbinvd' }).first();
    await topic.click();
    await page.locator('.pane-body .monaco-list-row', { hasText: 'WBINVD forgets' }).first().hover();
  },
  compare: compareKernels,
};

/** The same for the steps of the walkthrough, which show them small. */
export const walkthrough = {
  open: closeSideBar,
  async find(page) {
    await closeSideBar(page);
    await toStaleRead(page);
  },
  async back(page) {
    await closeSideBar(page);
    await toStaleRead(page);
    await stepBackTo(page, 'mov [x], 1');
  },
  async explore(page) {
    await closeSideBar(page);
    await lens(page, 'Explore').click();
    await (await inViews(page, 'snoop-outcomes svg [aria-label^="stale-read"]')).waitFor();
  },
  async compare(page) {
    await closeSideBar(page);
    await compareKernels(page);
  },
};

async function compareKernels(page) {
  await lens(page, 'Compare kernels').click();
  await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  for (const kernel of ['v5.11', 'v5.12']) {
    await page.locator('.quick-input-filter input').fill(kernel);
    await page
      .locator('.quick-input-list .monaco-list-row', { hasText: `Linux ${kernel}` })
      .first()
      .click();
  }
  await page.locator('.quick-input-action').first().click();
  const table = page.frameLocator('iframe.webview.ready').frameLocator('iframe').locator('table');
  await table.waitFor();
  // Where the page is beside the editor it would be cut.
  await page.locator('.tab', { hasText: 'Kernels:' }).first().dblclick();
  await table.waitFor();
}

async function closeSideBar(page) {
  await page.keyboard.press('Control+B');
  await page.mouse.move(600, 480);
}

/** Steps back until the debugger is at a line, a dozen times at most. */
export async function stepBackTo(page, text) {
  for (let steps = 0; !(await isAt(page, text)) && steps < 12; steps++) {
    await page.locator('.debug-toolbar .codicon-debug-step-back').first().click();
    // The line of the step before may be the same.
    await page.waitForTimeout(500);
  }
}

async function isAt(page, text) {
  await page.locator(topFrame).first().waitFor();
  return page.evaluate(
    ([marked, wanted]) => {
      const top = document.querySelector(marked)?.getBoundingClientRect().top;
      const lines = [...document.querySelectorAll('.view-line')];
      const line = lines.find((each) => Math.abs(each.getBoundingClientRect().top - (top ?? 0)) < 3);
      return line?.textContent?.replaceAll('\u00a0', ' ').includes(wanted) ?? false;
    },
    [topFrame, text],
  );
}
