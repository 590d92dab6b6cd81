/** The version that traces are written by: that of the extension and the command. */
import manifest from '../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
