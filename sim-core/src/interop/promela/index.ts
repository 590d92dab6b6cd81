/** Models for SPIN. An entry of its own, as that of the programs in C is. */
export { NotInPromela, type PromelaModel, promelaModel } from './promela.ts';
