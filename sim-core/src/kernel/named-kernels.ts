/**
 * Names that a workspace gives to kernels, in its `snoopscope.json`:
 *
 *     { "kernels": { "rhel-9.4": "v5.14+enforce-cache-coherency", "ours": "6.8.0-45-generic" } }
 */

/** Definitions by name: a profile or a release, with single changes added and removed. */
export type NamedKernels = ReadonlyMap<string, string>;

/** The file that names kernels: the one in the folder of a scenario or in the nearest folder above counts. */
export const KERNELS_FILE = 'snoopscope.json';
