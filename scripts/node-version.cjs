// Loaded before a script by `node -r`: says in one sentence that this Node is too old, before it fails at newer syntax.
// That is why this file itself is in the oldest syntax there is.
'use strict';
var needed = require('../package.json').engines.node.replace('>=', '');

function isOlder(left, right) {
  var a = left.split('.').map(Number);
  var b = right.split('.').map(Number);
  if (a[0] !== b[0]) return a[0] < b[0];
  return a[1] < (b[1] || 0);
}

var message = [
  'Snoopscope needs Node',
  needed,
  'or newer; this is Node',
  process.versions.node,
  'at',
  process.execPath,
];
if (isOlder(process.versions.node, needed)) {
  process.stderr.write(message.join(' ').concat('.\n'));
  process.exit(1);
}
