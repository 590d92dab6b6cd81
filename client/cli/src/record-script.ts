/**
 * The bpftrace program that `snoopscope record-script` prints. It logs what a VMM asks of VFIO, KVM and iommufd with the
 * structures that strace shows as pointers, and what KVM does of it; `import` reads what it prints. What it reads of a
 * process it prints as numbers, so nothing that a guest or VMM does can make a line of the log.
 */
export const RECORD_SCRIPT = `#!/usr/bin/env bpftrace
/*
 * What VMMs ask of VFIO, KVM and iommufd, and what KVM does of it, for \`snoopscope import\` and \`snoopscope report\`.
 *
 *   bpftrace record.bt > run.jsonl      as root; then start the VMM, and press Ctrl-C at the end
 *
 * It logs every process that uses /dev/kvm, /dev/vfio or /dev/iommu; \`import --pid\` takes one of them. Each record is a line
 * of JSON; calls have the first words of the structure that they were given, and no text of any process. KVM_RUN and
 * exits other than WBINVD cost a comparison and are not logged.
 *
 * It needs bpftrace 0.17, the modules kvm and kvm_intel or kvm_amd loaded, and a kernel with syscall tracepoints (v5.10 or
 * later on x86). Where one of these is missing bpftrace says which probe it cannot attach, and does not start.
 */
BEGIN
{
	printf("{\\"recorder\\":\\"snoopscope\\",\\"version\\":1}\\n");
}

tracepoint:syscalls:sys_enter_openat
/strncmp(str(args->filename), "/dev/kvm", 9) == 0 || strncmp(str(args->filename), "/dev/iommu", 11) == 0 || strncmp(str(args->filename), "/dev/vfio/", 10) == 0/
{
	@path[tid] = (uint64)args->filename;
	@flags[tid] = (uint64)args->flags;
}

tracepoint:syscalls:sys_exit_openat
/@path[tid]/
{
	$p = @path[tid];
	printf("{\\"t\\":%llu,\\"pid\\":%d,\\"tid\\":%d,\\"cpu\\":%d,\\"call\\":\\"openat\\",\\"flags\\":%llu,\\"ret\\":%lld,\\"w\\":[\\"%llx\\",\\"%llx\\",\\"%llx\\",\\"%llx\\",\\"%llx\\"]}\\n",
		nsecs, pid, tid, cpu, @flags[tid], args->ret, *(uint64 *)uptr($p), *(uint64 *)uptr($p + 8), *(uint64 *)uptr($p + 16),
		*(uint64 *)uptr($p + 24), *(uint64 *)uptr($p + 32));
	if (args->ret >= 0) {
		@ours[pid, (uint64)args->ret] = 1;
		@vmm[pid] = 1;
	}
	delete(@path[tid]);
	delete(@flags[tid]);
}

/* VFIO and iommufd have requests of type 0x3b, KVM 0xae; 0xae80 is KVM_RUN. */
tracepoint:syscalls:sys_enter_ioctl
/((args->cmd >> 8) & 0xff) == 0x3b || (((args->cmd >> 8) & 0xff) == 0xae && args->cmd != 0xae80)/
{
	@cmd[tid] = (uint64)args->cmd;
	@fd[tid] = (uint64)args->fd;
	@arg[tid] = (uint64)args->arg;
}

tracepoint:syscalls:sys_exit_ioctl
/@cmd[tid]/
{
	$a = @arg[tid];
	/* The descriptor that KVM_SET_DEVICE_ATTR points to. */
	$addr = *(uint64 *)uptr($a + 16);
	$target = @cmd[tid] == 0x4018aee1 ? *(int32 *)uptr($addr) : -1;
	printf("{\\"t\\":%llu,\\"pid\\":%d,\\"tid\\":%d,\\"cpu\\":%d,\\"call\\":\\"ioctl\\",\\"fd\\":%llu,\\"cmd\\":%llu,\\"arg\\":\\"%llx\\",\\"ret\\":%lld,\\"target\\":%d,\\"w\\":[\\"%llx\\",\\"%llx\\",\\"%llx\\",\\"%llx\\",\\"%llx\\",\\"%llx\\"]}\\n",
		nsecs, pid, tid, cpu, @fd[tid], @cmd[tid], $a, args->ret, $target, *(uint64 *)uptr($a), *(uint64 *)uptr($a + 8),
		*(uint64 *)uptr($a + 16), *(uint64 *)uptr($a + 24), *(uint64 *)uptr($a + 32), *(uint64 *)uptr($a + 40));
	/* KVM_CREATE_VM, KVM_CREATE_VCPU, VFIO_GROUP_GET_DEVICE_FD return a descriptor; KVM_CREATE_DEVICE writes one. */
	if (args->ret >= 0 && (@cmd[tid] == 0xae01 || @cmd[tid] == 0xae41 || @cmd[tid] == 0x3b6a)) {
		@ours[pid, (uint64)args->ret] = 1;
	}
	if (args->ret == 0 && @cmd[tid] == 0xc00caee0) {
		$made = *(uint32 *)uptr($a + 4);
		@ours[pid, (uint64)$made] = 1;
	}
	@vmm[pid] = 1;
	delete(@cmd[tid]);
	delete(@fd[tid]);
	delete(@arg[tid]);
}

tracepoint:syscalls:sys_enter_close
/@ours[pid, (uint64)args->fd]/
{
	@closing[tid] = (uint64)args->fd + 1;
}

tracepoint:syscalls:sys_exit_close
/@closing[tid]/
{
	printf("{\\"t\\":%llu,\\"pid\\":%d,\\"tid\\":%d,\\"cpu\\":%d,\\"call\\":\\"close\\",\\"fd\\":%llu,\\"ret\\":%lld}\\n",
		nsecs, pid, tid, cpu, @closing[tid] - 1, args->ret);
	delete(@ours[pid, @closing[tid] - 1]);
	delete(@closing[tid]);
}

tracepoint:syscalls:sys_enter_exit_group
/@vmm[pid]/
{
	printf("{\\"t\\":%llu,\\"pid\\":%d,\\"tid\\":%d,\\"cpu\\":%d,\\"call\\":\\"exit_group\\",\\"ret\\":0}\\n", nsecs, pid, tid, cpu);
	delete(@vmm[pid]);
}

/* Exits by WBINVD: 54 on VMX (isa 1), 0x89 on SVM (isa 2). */
tracepoint:kvm:kvm_exit
/(args->isa == 1 && args->exit_reason == 54) || (args->isa == 2 && args->exit_reason == 0x89)/
{
	printf("{\\"t\\":%llu,\\"pid\\":%d,\\"tid\\":%d,\\"cpu\\":%d,\\"exit\\":\\"WBINVD\\",\\"vcpu\\":%d}\\n", nsecs, pid, tid, cpu, args->vcpu_id);
}

kprobe:kvm_arch_register_noncoherent_dma
{
	printf("{\\"t\\":%llu,\\"pid\\":%d,\\"tid\\":%d,\\"cpu\\":%d,\\"fn\\":\\"kvm_arch_register_noncoherent_dma\\"}\\n", nsecs, pid, tid, cpu);
}

kprobe:kvm_arch_unregister_noncoherent_dma
{
	printf("{\\"t\\":%llu,\\"pid\\":%d,\\"tid\\":%d,\\"cpu\\":%d,\\"fn\\":\\"kvm_arch_unregister_noncoherent_dma\\"}\\n", nsecs, pid, tid, cpu);
}

/* What runs WBINVD on a CPU has a name that depends on the release; asterisks match what there is. */
kprobe:wbinvd_ipi*,
kprobe:__wbinvd*
{
	printf("{\\"t\\":%llu,\\"pid\\":%d,\\"tid\\":%d,\\"cpu\\":%d,\\"fn\\":\\"wbinvd_ipi\\"}\\n", nsecs, pid, tid, cpu);
}

/* The memory type of each leaf of EPT that is made; only kvm_intel has it. */
kprobe:vmx_get_mt_mask*
{
	@gfn[tid] = arg1 + 1;
}

kretprobe:vmx_get_mt_mask*
/@gfn[tid]/
{
	printf("{\\"t\\":%llu,\\"pid\\":%d,\\"tid\\":%d,\\"cpu\\":%d,\\"leaf\\":\\"%llx\\",\\"bits\\":%llu}\\n", nsecs, pid, tid, cpu, @gfn[tid] - 1, retval & 0xff);
	delete(@gfn[tid]);
}

END
{
	clear(@path); clear(@flags); clear(@cmd); clear(@fd); clear(@arg); clear(@ours); clear(@vmm); clear(@closing); clear(@gfn);
}
`;
