// The view of the gallery: scenarios by topic, with the kernels at which their verdicts flip.

import { COMMAND_IDS } from '@snoopscope/server/protocol';
import {
  commands,
  Disposable,
  type Event,
  EventEmitter,
  l10n,
  MarkdownString,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
  window,
  workspace,
} from 'vscode';
import { debugOn } from '../debugging.ts';
import { galleryUri, registerGalleryFiles } from './gallery-files.ts';

/** What scripts/gallery.mjs writes about a scenario. */
export interface GalleryEntry {
  /** `wbinvd/local-cpu-not-flushed.snoop`. */
  readonly file: string;
  readonly title: string;
  readonly doc: string;
  readonly tags: readonly string[];
  /** Kernels at which a verdict flips, and by which change. */
  readonly turns: readonly { readonly kernel: string; readonly change: string }[];
}

interface Topic {
  readonly topic: string;
  readonly entries: readonly GalleryEntry[];
}

type Node = Topic | GalleryEntry;

const OPEN = 'snoopscope.gallery.open';

/** `extension` is the folder of the extension. */
export function registerGallery(extension: Uri): Disposable {
  const entries = readEntries(Uri.joinPath(extension, 'client/vscode/gallery.json'));
  const tree = new GalleryTree(entries);
  const withEntry = (act: (entry: GalleryEntry) => Thenable<unknown>) => async (given?: GalleryEntry | string) => {
    const entry = typeof given === 'string' ? (await entries).find(({ file }) => file === given) : given;
    const chosen = entry ?? (await pickEntry(await entries));
    return chosen && act(chosen);
  };
  const command = (name: string, act: (entry: GalleryEntry) => Thenable<unknown>) =>
    commands.registerCommand(name, withEntry(act));
  return Disposable.from(
    registerGalleryFiles(Uri.joinPath(extension, 'scenarios')),
    window.registerTreeDataProvider('snoopscope.gallery', tree),
    command(OPEN, ({ file }) => window.showTextDocument(galleryUri(file), { preview: true })),
    command('snoopscope.gallery.copy', openCopy),
    command('snoopscope.gallery.debug', ({ file }) => debugOn(galleryUri(file), undefined)),
    command('snoopscope.gallery.compare', ({ file }) => commands.executeCommand(COMMAND_IDS.bisect, galleryUri(file))),
  );
}

class GalleryTree implements TreeDataProvider<Node> {
  readonly #entries: Promise<readonly GalleryEntry[]>;
  // It ships as it is.
  readonly onDidChangeTreeData: Event<void> = new EventEmitter<void>().event;

  constructor(entries: Promise<readonly GalleryEntry[]>) {
    this.#entries = entries;
  }

  async getChildren(node?: Node): Promise<Node[]> {
    const entries = await this.#entries;
    if (node) return 'topic' in node ? [...node.entries] : [];
    const topics = [...new Set(entries.map(topicOf))];
    return topics.map((topic) => ({ topic, entries: entries.filter((entry) => topicOf(entry) === topic) }));
  }

  getTreeItem(node: Node): TreeItem {
    return 'topic' in node ? topicItem(node) : entryItem(node);
  }
}

function topicOf({ file }: GalleryEntry): string {
  return file.split('/')[0] ?? '';
}

function topicItem({ topic, entries }: Topic): TreeItem {
  const item = new TreeItem(topic, TreeItemCollapsibleState.Collapsed);
  item.id = topic;
  item.description = String(entries.length);
  return item;
}

function entryItem(entry: GalleryEntry): TreeItem {
  const { file, title, doc, tags, turns } = entry;
  const item = new TreeItem(title, TreeItemCollapsibleState.None);
  item.id = file;
  item.description = [...new Set(turns.map(({ kernel }) => kernel))].join(', ');
  const turned = turns.map(({ kernel, change }) => `${kernel}: ${change}`);
  // appendText() would put spaces in that no line can break at.
  const paragraphs = [doc, ...turned, tags.join(', ')].map(asMarkdown);
  item.tooltip = new MarkdownString([`**${asMarkdown(title)}**`, ...paragraphs].join('\n\n'));
  item.iconPath = new ThemeIcon(turns.length > 0 ? 'git-compare' : 'circle-outline');
  item.contextValue = 'snoopscope.galleryEntry';
  item.command = { title: l10n.t('Open'), command: OPEN, arguments: [entry] };
  return item;
}

/** Text that means itself. */
function asMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!<>|~&]/g, '\\$&');
}

async function readEntries(index: Uri): Promise<readonly GalleryEntry[]> {
  const text = new TextDecoder().decode(await workspace.fs.readFile(index));
  return JSON.parse(text) as readonly GalleryEntry[];
}

async function pickEntry(entries: readonly GalleryEntry[]): Promise<GalleryEntry | undefined> {
  const items = entries.map((entry) => ({
    label: entry.title,
    description: entry.file,
    detail: entry.tags.join(', '),
    entry,
  }));
  const title = l10n.t('Scenario of the gallery');
  return (await window.showQuickPick(items, { title, matchOnDescription: true, matchOnDetail: true }))?.entry;
}

/** In the workspace's folder, under a name that is free; without a workspace, a text that has no file yet. */
async function openCopy({ file }: GalleryEntry): Promise<Uri> {
  const content = new TextDecoder().decode(await workspace.fs.readFile(galleryUri(file)));
  const folder = workspace.workspaceFolders?.[0];
  if (!folder) {
    const document = await workspace.openTextDocument({ language: 'snoop', content });
    await window.showTextDocument(document);
    return document.uri;
  }
  const copy = await freeName(folder.uri, (file.split('/').at(-1) ?? file).replace(/\.snoop$/, ''));
  await workspace.fs.writeFile(copy, new TextEncoder().encode(content));
  await window.showTextDocument(copy);
  return copy;
}

async function freeName(folder: Uri, name: string): Promise<Uri> {
  for (let number = 1; ; number++) {
    const uri = Uri.joinPath(folder, `${name}${number === 1 ? '' : `-${number}`}.snoop`);
    const exists = await workspace.fs.stat(uri).then(
      () => true,
      () => false,
    );
    if (!exists) return uri;
  }
}
