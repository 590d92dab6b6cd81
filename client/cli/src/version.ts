/** The version of the extension and the command are one: the root manifest's. */
import manifest from '../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
