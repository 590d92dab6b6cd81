import { constantsOf } from '../vocabulary.ts';
import { type Check, list } from './check.ts';
import { namesIn, setOf } from './constant-names.ts';
import { expectedValues } from './expected-values.ts';

export const misplacedConstant: Check = {
  code: 'misplaced-constant',
  severity: 'warning',
  doc: 'A constant is used where another set of constants is expected. The kernel sees only its number, which may mean something else there.',
  sources: ['linux: include/uapi'],
  examples: {
    bad: `setup {
  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP_ADD, attr=KVM_DEV_VFIO_GROUP, addr=[4]})
}
`,
    good: `setup {
  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[4]})
}
`,
  },
  of: ['syscall'],
  *line({ line, vocabulary }) {
    if (line.content.kind !== 'syscall') return;
    for (const { expr, shapes, where } of expectedValues(line.content, vocabulary)) {
      const set = setOf(shapes);
      if (set === undefined) continue;
      for (const { name, span } of namesIn(expr)) {
        const constant = vocabulary.constants.get(name);
        // Sizes and NULL are numbers of no particular API.
        if (constant === undefined || constant.set === set || constant.set === 'size' || constant.set === 'pointer')
          continue;
        const known = constantsOf(set).map((candidate) => candidate.name);
        yield {
          span,
          message: `\`${name}\` does not belong to ${where}, which takes ${list(known, 5)}. The kernel will see its number, ${constant.value}.`,
        };
      }
    }
  },
};
