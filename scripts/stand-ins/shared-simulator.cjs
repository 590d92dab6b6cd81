// In place of the simulator, in the parts of the command: that of the program, which has loaded them.
module.exports = globalThis[Symbol.for('snoopscope.sim-core')];
