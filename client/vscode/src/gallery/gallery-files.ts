// The scenarios that ship, as read-only files: they belong to the extension, and a copy is what one edits.
import {
  Disposable,
  EventEmitter,
  type FileChangeEvent,
  type FileStat,
  FileSystemError,
  type FileSystemProvider,
  type FileType,
  Uri,
  workspace,
} from 'vscode';

export const GALLERY_SCHEME = 'snoopscope-gallery';

/** `wbinvd/local-cpu-not-flushed.snoop` → its URI. */
export function galleryUri(file: string): Uri {
  return Uri.from({ scheme: GALLERY_SCHEME, path: `/${file}` });
}

/** `root` is where they are. */
export function registerGalleryFiles(root: Uri): Disposable {
  return workspace.registerFileSystemProvider(GALLERY_SCHEME, new GalleryFiles(root), { isReadonly: true });
}

class GalleryFiles implements FileSystemProvider {
  readonly #root: Uri;
  // They never change.
  readonly #changes = new EventEmitter<FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changes.event;

  constructor(root: Uri) {
    this.#root = root;
  }

  watch(): Disposable {
    return new Disposable(() => {});
  }

  stat(uri: Uri): Thenable<FileStat> {
    return workspace.fs.stat(this.#real(uri));
  }

  readDirectory(uri: Uri): Thenable<[string, FileType][]> {
    return workspace.fs.readDirectory(this.#real(uri));
  }

  readFile(uri: Uri): Thenable<Uint8Array> {
    return workspace.fs.readFile(this.#real(uri));
  }

  createDirectory(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  delete(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  rename(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  #real({ path }: Uri): Uri {
    return Uri.joinPath(this.#root, path);
  }
}
