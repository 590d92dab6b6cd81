// "New Scenario": a beginning that runs.
import { SCENARIO_TEMPLATES } from '@snoopscope/sim-core';
import { commands, type Disposable, l10n, type TextDocument, window, workspace } from 'vscode';

export function registerNewScenario(): Disposable {
  return commands.registerCommand('snoopscope.newScenario', newScenario);
}

/** Asks which template, unless its id is given. Undefined when none was chosen. */
async function newScenario(id?: unknown): Promise<TextDocument | undefined> {
  const items = SCENARIO_TEMPLATES.map((template) => ({ label: template.title, detail: template.about, template }));
  const given = items.find(({ template }) => template.id === id);
  const picked = given ?? (await window.showQuickPick(items, { title: l10n.t('New scenario'), matchOnDetail: true }));
  if (!picked) return undefined;
  const document = await workspace.openTextDocument({ language: 'snoop', content: picked.template.text });
  await window.showTextDocument(document);
  return document;
}
