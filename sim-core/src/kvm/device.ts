/**
 * The device control API: KVM_CREATE_DEVICE on a VM, and the attribute ioctls of the device descriptor it returns.
 *
 * kvm-vfio is the only type that x86 has. Its own functions are in kvm-vfio/; here is what the core does around them:
 * the order of checks, who holds kvm->lock, when the VM's reference is taken, what the last close does.
 */
import type { Local, Routine, RoutineBuilder } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, readable, writeField } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import { tooManyAtOnce } from '../limits.ts';
import { type FileId, idAt, type KvmDeviceId, knownId, NONE, type VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import type { Vms } from './vm.ts';

export interface KvmDevices {
  /** Per KVM device: its VM + 1; 0 when the device does not exist. */
  readonly vm: Field;
  /** Per KVM device: 1 while it is on `kvm->devices`. */
  readonly listed: Field;
  readonly createDevice: Routine<[filp: FileId]>;
  readonly setAttr: Routine<[filp: FileId]>;
  readonly getAttr: Routine<[filp: FileId]>;
  readonly hasAttr: Routine<[filp: FileId]>;
  /** KVM_GET_DEVICE_ATTR and KVM_HAS_DEVICE_ATTR on /dev/kvm. */
  readonly kvmGetAttr: Routine<[filp: FileId]>;
  readonly kvmHasAttr: Routine<[filp: FileId]>;
  readonly release: Routine<[filp: FileId, dev: KvmDeviceId]>;
  readonly destroyAll: Routine<[kvm: VmId]>;
  gate(task: Task, device: KvmDeviceId): number;
}

const TYPE_VFIO = 4;
const CREATE_DEVICE_TEST = 1;

export function createKvmDevices(base: WorldBase, world: () => World, vms: () => Vms): KvmDevices {
  const { layout, dims, kernel, routines } = base;
  const vmOf = layout.field('kvmDeviceVm', [dims.kvmDevices]);
  const listed = layout.field('kvmDeviceListed', [dims.kvmDevices]);
  const read = (m: Machine, slot: number): number => m.state[slot]!;

  function allocate(m: Machine, vm: VmId): KvmDeviceId {
    for (let d = 0 as KvmDeviceId; d < dims.kvmDevices; d++) {
      if (read(m, vmOf.base + d) !== 0) continue;
      m.put(vmOf.base + d, vm + 1);
      return d;
    }
    throw tooManyAtOnce(`the scenario has more than ${dims.kvmDevices} KVM devices`);
  }

  function free(m: Machine, device: KvmDeviceId): void {
    m.put(vmOf.base + device, 0);
    m.put(listed.base + device, 0);
  }

  const refuse = base.refusals.add({
    type: [E.NODEV, 'no device type {} in this kernel', 'number'],
    noOperation: [E.PERM, 'no operation of the device for this request'],
    noSystemAttributes: [E.INVAL, 'no such request for /dev/kvm: this kernel has no system attributes'],
    unknownAttribute: [E.NXIO, 'no attribute of that group and number'],
  });

  /** Copies the argument in and resolves the type; above 0 the device is to be created, else this is the answer. */
  function check(t: Task): number {
    const arg = argument(t, 2);
    if (!readable(arg)) return world().files.refuse.unreadable(t.machine);
    const type = field32(t, arg, 'type');
    if (type !== TYPE_VFIO || !kernel.has('kvm-vfio-device')) return refuse.type(t.machine, type);
    // linux: virt/kvm/kvm_main.c kvm_ioctl_create_device(): bit 0 asks only; no other flag is looked at.
    return (field32(t, arg, 'flags') & CREATE_DEVICE_TEST) !== 0 ? 0 : 1;
  }

  const createDevice = routines.define('kvm_ioctl_create_device', 'virt/kvm/kvm_main.c', ['filp: file'], (r, filp) => {
    const locked = kernel.has('device-create-under-lock');
    const vmOfFile = (t: Task): VmId => world().files.objectOf(t.machine, filp.of(t));
    const lockOf = (t: Task): number => vms().lock.base + vmOfFile(t);
    r.step('copy the argument and look the type up', (t) => {
      const answer = check(t);
      if (answer <= 0) t.return(answer);
    });
    if (locked) r.lock('kvm->lock', lockOf);
    const dev = r.variable('dev: kvmDevice');
    r.local((t) => {
      dev.set(t, allocate(t.machine, vmOfFile(t)));
      t.call(world().kvmVfio.create, dev.of(t), vmOfFile(t));
    }, 'allocate the device');
    const ret = r.variable('ret: result');
    r.local((t) => ret.set(t, t.value));
    const copyFailed = r.variable('copy_failed: truth', 0);

    const install = (t: Task): void => {
      const { files } = world();
      const fd = files.install(t, files.create(t.machine, 'kvm-vfio', dev.of(t)));
      // linux: virt/kvm/kvm_main.c kvm_vm_ioctl(): the copy out comes last and undoes nothing.
      if (!writeField(t, argument(t, 2), 'fd', fd)) copyFailed.set(t, 1);
    };
    const takeReference = (t: Task): void => vms().get(t.machine, vmOfFile(t));
    const publish = (t: Task): void => t.machine.put(listed.base + dev.of(t), 1);

    if (locked) {
      r.local((t) => {
        if (ret.of(t) === 0) publish(t);
      }, 'if it was created, put it on kvm->devices');
      r.unlock('kvm->lock', lockOf);
    }
    r.local((t) => {
      if (ret.of(t) === 0) return;
      free(t.machine, dev.of(t));
      t.return(ret.of(t));
    }, 'if it was not created, free it and return the errno');
    if (!locked) {
      // Up to v4.7 the device is on the list, and so counts as existing, only after its descriptor is installed.
      r.step('install the descriptor', install);
      r.step('put the device on the list', publish);
      r.step('take a reference of the VM', takeReference);
    } else if (kernel.has('device-reference-before-fd')) {
      r.step('take a reference of the VM and install the descriptor', (t) => {
        takeReference(t);
        install(t);
      });
    } else {
      // CVE-2019-6974: another thread can close the descriptor before the reference is taken.
      r.step('install the descriptor', install);
      r.step('take a reference of the VM', takeReference);
    }
    r.local(
      (t) => t.return(copyFailed.of(t) === 0 ? 0 : world().files.refuse.unwritable(t.machine)),
      'return 0, or -EFAULT if the descriptor could not be copied out',
    );
  });

  // linux: virt/kvm/kvm_main.c kvm_device_ioctl(): a missing op is EPERM before the argument is read.
  const attribute = (request: string, op: 'setAttr' | 'hasAttr' | undefined): KvmDevices['setAttr'] => {
    const write = (r: RoutineBuilder, filp: Local<FileId>): void => {
      r.local((t) => {
        if (op === undefined) return t.return(refuse.noOperation(t.machine));
        if (!readable(argument(t, 2))) return t.return(world().files.refuse.unreadable(t.machine));
        return t.call(world().kvmVfio[op], world().files.objectOf<KvmDeviceId>(t.machine, filp.of(t)));
      }, 'if the device has no such operation, return -EPERM');
      r.local((t) => t.return(t.value));
    };
    return routines.define('kvm_device_ioctl', 'virt/kvm/kvm_main.c', ['filp: file'], write, 'kernel', request);
  };

  /** Attributes of /dev/kvm: group 0 attribute 0, and on AMD the SEV group 1. */
  function kvmAttribute(name: string, reads: boolean): KvmDevices['kvmGetAttr'] {
    return routines.define(name, 'arch/x86/kvm/x86.c', ['filp: file'], (r) =>
      r.step('look the system attribute up', (t) => {
        if (!kernel.has('system-attributes')) return t.return(refuse.noSystemAttributes(t.machine));
        const arg = argument(t, 2);
        if (!readable(arg)) return t.return(world().files.refuse.unreadable(t.machine));
        const group = field32(t, arg, 'group');
        const attr = arg.fields?.get('attr')?.wide(t) ?? 0n;
        const sevAttributes = [
          kernel.has('sev-vmsa-features'),
          kernel.has('snp-policy-bits'),
          kernel.has('snp-required-certificates'),
        ];
        const sev =
          group === 1 &&
          base.topology.cpu.vendor === 'amd' &&
          sevAttributes.some((has, i) => has && attr === BigInt(i));
        const known = sev || (group === 0 && attr === 0n);
        if (!known) return t.return(refuse.unknownAttribute(t.machine));
        const addr = arg.fields?.get('addr');
        const unwritable = reads && (addr === undefined || !readable(addr));
        return t.return(unwritable ? world().files.refuse.unwritable(t.machine) : 0);
      }),
    );
  }

  const release = routines.define(
    'kvm_device_release',
    'virt/kvm/kvm_main.c',
    ['filp: file', 'dev: kvmDevice'],
    (r, _filp, dev) => {
      const kvm = r.variable('kvm: vm');
      r.local((t) => kvm.set(t, knownId<VmId>(t.machine, vmOf, dev.of(t))));
      if (kernel.has('kvm-vfio-release')) {
        const lock = (t: Task): number => vms().lock.base + kvm.of(t);
        r.lock('kvm->lock', lock);
        r.local((t) => {
          t.machine.put(listed.base + dev.of(t), 0);
          t.call(world().kvmVfio.release, dev.of(t), kvm.of(t));
        });
        r.local((t) => free(t.machine, dev.of(t)));
        r.unlock('kvm->lock', lock);
      } else if (kernel.has('destroy-on-device-release')) {
        r.step('take the device off the list and destroy it', (t) => {
          t.machine.put(listed.base + dev.of(t), 0);
          t.call(world().kvmVfio.destroy, dev.of(t), kvm.of(t));
        });
        r.local((t) => free(t.machine, dev.of(t)));
      }
      r.step('put the reference of the device descriptor', (t) => {
        if (vms().put(t.machine, kvm.of(t))) t.call(vms().destroyVm, kvm.of(t));
      });
      r.local((t) => t.return(0));
    },
  );

  // linux: virt/kvm/kvm_main.c kvm_destroy_devices(): only devices without a release function are still there.
  const destroyAll = routines.define('kvm_destroy_devices', 'virt/kvm/kvm_main.c', ['kvm: vm'], (r, kvm) => {
    const dev = r.variable('dev: kvmDevice?', NONE);
    const loop = r.label();
    r.at(loop).local((t) => {
      const destroyed = dev.of(t);
      if (destroyed !== NONE) {
        free(t.machine, destroyed);
        dev.set(t, NONE);
      }
      for (let d = (dims.kvmDevices - 1) as KvmDeviceId; d >= 0; d--) {
        if (idAt<VmId>(t.machine, vmOf, d) !== kvm.of(t) || read(t.machine, listed.base + d) === 0) continue;
        t.machine.put(listed.base + d, 0);
        dev.set(t, d);
        t.goto(loop);
        t.call(world().kvmVfio.destroy, d, kvm.of(t));
        return;
      }
      t.return(0);
    });
  });

  return {
    vm: vmOf,
    listed,
    createDevice,
    setAttr: attribute('KVM_SET_DEVICE_ATTR', 'setAttr'),
    hasAttr: attribute('KVM_HAS_DEVICE_ATTR', 'hasAttr'),
    getAttr: attribute('KVM_GET_DEVICE_ATTR', undefined),
    kvmGetAttr: kvmAttribute('kvm_x86_dev_get_attr', true),
    kvmHasAttr: kvmAttribute('kvm_x86_dev_has_attr', false),
    release,
    destroyAll,
    gate: (t, device) =>
      kernel.has('device-ioctl-checks-mm') ? vms().gate(t, knownId<VmId>(t.machine, vmOf, device)) : 0,
  };
}
