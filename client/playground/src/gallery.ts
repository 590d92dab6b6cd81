/** The scenarios that ship, as the build wrote them. The first one is part of the page. */
import first from 'built:first';

export interface GalleryScenario {
  /** `wbinvd/local-cpu-not-flushed.snoop`. */
  readonly path: string;
  readonly title: string;
  readonly text: string;
}

export const FIRST: GalleryScenario = first;

/** All of them. Rejects without a network, unless the page has been here before. */
export async function loadGallery(): Promise<readonly GalleryScenario[]> {
  const response = await fetch('gallery.json');
  if (!response.ok) throw new Error(`the gallery cannot be loaded (${response.status})`);
  return response.json() as Promise<readonly GalleryScenario[]>;
}
