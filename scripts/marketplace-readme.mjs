// The README of the Marketplace, made from README.md.
//
// Two kinds of comment in README.md say what differs:
//   <!-- repository --> … <!-- /repository -->   is left out
//   <!-- marketplace … -->                       is put in, and is not shown in the repository
import path from 'node:path';

const home = 'https://github.com/snoopscope/snoopscope';

/** README.md as the Marketplace shows it: every link is absolute, commands are those of an installed Snoopscope. */
export function marketplaceReadme(readme) {
  const text = readme
    .replace(/<!-- repository -->\n[\s\S]*?<!-- \/repository -->\n+/g, '')
    .replace(/<!-- marketplace\n([\s\S]*?)-->\n/g, '$1')
    .replaceAll('npm run -s snoopscope --', 'snoopscope')
    .replace(/\n{3,}/g, '\n\n');
  return absoluteLinks(text, 'README.md', () => false);
}

/** The text of `file` with its links to the repository made absolute, but for those to what `isPackaged` too. */
export function absoluteLinks(text, file, isPackaged) {
  return text.replace(/(?<=\]\()(?!https?:|#)([^)#\s]+)([^)\s]*)/g, (link, target, anchor) => {
    const inRepository = path.posix.join(path.posix.dirname(file), target);
    // A page about a picture is not the picture.
    const view = /\.(png|webp)$/.test(target) ? 'raw' : 'blob';
    return isPackaged(inRepository) ? link : `${home}/${view}/main/${inRepository}${anchor}`;
  });
}
