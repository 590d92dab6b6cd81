// mocha's browser build defines a global; the web bundle of the suites imports it from here.
import '../../../node_modules/mocha/mocha.js';

export default globalThis.Mocha;
