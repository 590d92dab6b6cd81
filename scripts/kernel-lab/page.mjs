// docs/real-kernels.md: what exported programs did on real kernels.

const FORMS = { schedule: 'call for call', litmus: 'outcomes' };

/** The page as Markdown. */
export function realKernelsPage(rows, kernels, without) {
  const names = [
    ...new Set(rows.filter(({ verdict }) => verdict !== 'left out').map(({ name, form }) => `${name} ${form}`)),
  ];
  const cell = (name, form, kernel) => {
    const row = rows.find((each) => each.kernel === kernel && each.name === name && each.form === form);
    return row ? (row.verdict === 'backported' ? `as ${row.like}` : MARKS[row.verdict]) : '';
  };
  const differing = rows.filter(
    ({ verdict }) => verdict === 'differs' || verdict === 'not run' || verdict === 'not compared',
  );
  const leftOut = new Map(
    rows
      .filter(({ verdict }) => verdict === 'left out')
      .map(({ name, form, detail }) => [`${name} ${form}`, detail[0]]),
  );
  return [
    '# Tried on real kernels',
    '',
    `\`npm run test:kernel\` wrote this page on ${new Date().toISOString().slice(0, 10)}: scenarios of the gallery as programs (\`export c\`), run on Debian's`,
    "kernels under QEMU's emulated CPU, and compared with the simulator (`compare`).",
    '',
    'What can be seen this way are results, errnos and the order of kernel calls. QEMU emulates no cache, no VMX and no memory',
    'types: nothing here says whether data was stale. The host is an AMD CPU with nested SVM whatever the scenario says, and',
    "the devices are QEMU's edu devices, which do no DMA. A litmus program checks that what real threads came to is among the",
    'outcomes that the explorer finds at micro-steps, each in a hundred rounds.',
    '',
    '"As debian-…" is a difference from the release that this kernel is based on, and none from a later Debian kernel of the same',
    'series: its stable release took a fix. "Not compared" may be a kernel that a race brought down, or a program that had no end,',
    'also in a boot of its own.',
    '',
    'The rows need not be of one run: a run for some scenarios (`--scenario NAME,…`) takes the place of their rows, and the others',
    'keep what the run before it found, of the version that it tried.',
    '',
    `| scenario | compared | ${kernels.map(({ release }) => release).join(' | ')} |`,
    `| --- | --- |${' --- |'.repeat(kernels.length)}`,
    ...names.map((key) => {
      const [name, form] = key.split(' ');
      return `| [${name.replace('scenarios/', '')}](../${name}) | ${FORMS[form]} | ${kernels.map(({ release }) => cell(name, form, release)).join(' | ')} |`;
    }),
    '',
    ...(differing.length > 0 ? ['## Not as predicted, or not compared', ''] : []),
    ...differing.map(
      ({ kernel, name, form, detail }) => `- ${kernel}, ${name} (${FORMS[form]}): ${detail.join('; ') || 'no output'}`,
    ),
    ...(differing.length > 0 ? [''] : []),
    '## Left out',
    '',
    ...[...leftOut].map(([key, why]) => `- ${key.split(' ')[0]} (${FORMS[key.split(' ')[1]]}): ${why}`),
    ...(without.length > 0
      ? ['', '## Kernels not to be had', '', ...without.map(({ suite, reason }) => `- ${suite}: ${reason}`)]
      : []),
    '',
  ].join('\n');
}

const MARKS = {
  equal: 'as predicted',
  differs: '**differs**',
  'not run': 'not run',
  'not compared': 'not compared',
  'left out': 'left out',
};
