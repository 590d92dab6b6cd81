export * from './draw/index.ts';
