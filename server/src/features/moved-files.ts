/** The `include` lines that have to change when files are moved. */
import { contentsOfKind } from '@snoopscope/sim-core';
import type { Family } from '../families.ts';
import { keyOf } from '../includes.ts';
import type { Location } from '../snapshot.ts';
import { relativePath } from '../workspace.ts';

export interface MovedFile {
  readonly oldUri: string;
  readonly newUri: string;
}

/** A path in its quotes that is another one then. */
export interface ChangedInclude extends Location {
  readonly newText: string;
}

export function includesAfter(families: readonly Family[], moved: readonly MovedFile[]): readonly ChangedInclude[] {
  const files = new Map(families.flat().map((file) => [keyOf(file.uri), file]));
  const placeOf = (uri: string): string => {
    for (const { oldUri, newUri } of moved) {
      if (keyOf(uri) === keyOf(oldUri)) return newUri;
      // A folder takes what is in it along.
      if (uri.startsWith(`${oldUri}/`)) return newUri + uri.slice(oldUri.length);
    }
    return uri;
  };
  return [...files.values()].flatMap(({ uri, scenario }) =>
    contentsOfKind(scenario, 'include').flatMap(({ line, content: { text } }): ChangedInclude[] => {
      const target = resolved(uri, text.value);
      if (target === undefined || !files.has(keyOf(target))) return [];
      const [path] = relativePath(placeOf(uri), placeOf(target));
      if (path === undefined || path === text.value || (placeOf(uri) === uri && placeOf(target) === target)) return [];
      return [{ uri, line, start: text.span.start + 1, end: text.span.end - 1, newText: path }];
    }),
  );
}

function resolved(from: string, path: string): string | undefined {
  try {
    return new URL(path.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':'), from).href;
  } catch {
    return undefined;
  }
}
