// What the debugger says about a micro-step: something about each, also about those that leave no trace in the log.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { elaborate, kernelOf, type Model, parse, profilesNamed, Run, StepTexts } from '@snoopscope/sim-core';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../scenarios');

function modelOf(text: string): Model {
  const parsed = parse(text);
  const profile = kernelOf(parsed) ?? profilesNamed(parsed)[0];
  const { model } = elaborate(parsed, { profile: profile ?? expect.fail('it names no kernel') });
  return model ?? expect.fail('it has no model');
}

test('every micro-step of the gallery says what it did', () => {
  const silent: string[] = [];
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.snoop'),
  )) {
    const run = new Run(modelOf(readFileSync(path.join(root, file), 'utf8')));
    run.runToEnd();
    const texts = new StepTexts(run);
    for (let step = 0; step < run.steps; step++)
      if (texts.of(step).join('') === '') silent.push(`${file}: step ${step}`);
  }
  expect(silent).toEqual([]);
});

test('a wait, an alternative and a step of the guest alone have words', () => {
  const run = new Run(
    modelOf(`kernel v6.1
machine {
  memory x = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  wait vcpu0 > 0
  mov eax, 1
  mov eax, 1
  pat x = UC
  choose {
    mfence
  } or {
    clflush [x]
  }
}
`),
  );
  run.runToEnd();
  const texts = new StepTexts(run);
  const said = Array.from({ length: run.steps }, (_, step) => texts.of(step).join('; '));
  for (const words of [
    'what it waits for holds',
    'set the register',
    'change the page table entry',
    'takes alternative 1',
  ])
    expect(said).toContain(words);
});
