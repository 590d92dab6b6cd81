/** vCPUs of an exported program: how they are set up, and how a piece of guest code runs. */
/** What KVM gives a vCPU to which no CPUID was set. */
const USUAL_ADDRESS_BITS = 36;

export function guestRuntime(addressBits: number): string {
  const asked = addressBits > USUAL_ADDRESS_BITS;
  return `
/* vCPUs run 32-bit code with flat segments, without paging. */

static int flat(int fd)
{
	struct kvm_segment code = { .limit = 0xffffffff, .selector = 8, .type = 11, .present = 1, .db = 1, .s = 1, .g = 1 };
	struct kvm_segment data = code;
	struct kvm_sregs sregs;

	data.type = 3;
	data.selector = 16;
	if (ioctl(fd, KVM_GET_SREGS, &sregs))
		return -1;
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cr0 = 0x11;
	return ioctl(fd, KVM_SET_SREGS, &sregs);
}

__attribute__((unused)) static long long set_cr0(int fd, unsigned long long cr0)
{
	struct kvm_sregs sregs;
	long long got = result(ioctl(fd, KVM_GET_SREGS, &sregs));

	if (got < 0)
		return got;
	sregs.cr0 = (sregs.cr0 & ~0x60000000ull) | (cr0 & 0x60000000ull);
	return result(ioctl(fd, KVM_SET_SREGS, &sregs));
}

static void *guest_memory;

/* What a vcpu block needs besides the calls of the scenario: its code, and the words that no call registers. */
static void give_memory(int vm)
{
	struct kvm_userspace_memory_region region = { .slot = FIRST_SLOT, .guest_phys_addr = GUEST_CODE, .memory_size = 0x2000 };

	if (!guest_memory)
		guest_memory = mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	region.userspace_addr = (unsigned long)guest_memory;
	ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
	for (int i = 0; i < PAGES; i++) {
		if (pages[i].registered)
			continue;
		region.slot++;
		region.guest_phys_addr = region.userspace_addr = pages[i].address;
		region.memory_size = 0x1000;
		ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
	}
}

${asked ? cpuid(addressBits) : ''}__attribute__((unused)) static long long create_vcpu(int vm, unsigned long id)
{
	long long fd = result(ioctl(vm, KVM_CREATE_VCPU, id));
	int index;

	if (fd < 0 || !VCPU_BLOCKS)
		return fd;
	if (flat(fd)${asked ? ' || give_cpuid(fd)' : ''})
		return fd;
	give_memory(vm);
	index = atomic_load(&S->vcpus);
	if (index < MAX_VCPUS) {
		S->vcpu[index] = (struct vcpu){ .vm = vm, .id = id, .fd = fd };
		atomic_store(&S->vcpus, index + 1);
	}
	return fd;
}

struct guest {
	int actor, fd, used;
	struct kvm_run *run;
	size_t size;
};

/* vm is -1 for the first VM that has such a vCPU. */
static int find_vcpu(int id, int vm)
{
	for (int i = 0; i < atomic_load(&S->vcpus); i++)
		if (S->vcpu[i].id == id && (vm < 0 || S->vcpu[i].vm == vm))
			return S->vcpu[i].fd;
	return -1;
}

__attribute__((unused)) static int enter_vcpu(struct guest *g, int id, int vm)
{
	int kvm;

	if (g->run)
		return 0;
	g->fd = find_vcpu(id, vm);
	if (g->fd < 0)
		return -1;
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	g->size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	close(kvm);
	g->run = mmap(NULL, g->size, PROT_READ | PROT_WRITE, MAP_SHARED, g->fd, 0);
	if (g->run == MAP_FAILED)
		g->run = NULL;
	return g->run ? 0 : -1;
}

/* Runs a piece of guest code to its end. Returns the exit reason that stopped it, 0 when none did. */
__attribute__((unused)) static int run_guest(struct guest *g, const unsigned char *code, size_t length)
{
	struct kvm_regs regs;
	unsigned char *place = guest_memory;

	place += g->actor * 0x100 % 0x1000;
	memcpy(place, code, length);
	if (ioctl(g->fd, KVM_GET_REGS, &regs))
		return -errno;
	regs.rip = GUEST_CODE + (place - (unsigned char *)guest_memory);
	regs.rsp = GUEST_STACK - g->actor * 0x80;
	regs.rflags = 2;
	if (ioctl(g->fd, KVM_SET_REGS, &regs))
		return -errno;
	for (;;) {
		if (ioctl(g->fd, KVM_RUN, 0))
			return errno == EINTR ? 0 : -errno;
		if (g->run->exit_reason == KVM_EXIT_HLT)
			break;
		if (g->run->exit_reason != KVM_EXIT_IO)
			return g->run->exit_reason;
		if (g->run->io.port == END_PORT)
			break;
		if (g->run->io.direction == KVM_EXIT_IO_IN)
			memset((char *)g->run + g->run->io.data_offset, 0, g->run->io.size);
	}
	if (ioctl(g->fd, KVM_GET_REGS, &regs))
		return -errno;
	const unsigned long long values[8] = { regs.rax, regs.rcx, regs.rdx, regs.rbx, regs.rsp, regs.rbp, regs.rsi, regs.rdi };
	for (int i = 0; i < 8; i++)
		atomic_store(&S->reg[g->actor][i], (int)values[i]);
	return 0;
}

__attribute__((unused)) static void leave_vcpu(struct guest *g)
{
	if (g->run)
		munmap(g->run, g->size);
	g->run = NULL;
}
`;
}

/** MTRRs and page tables have as many bits as physical addresses; a mask with more is an exception of the guest. */
function cpuid(addressBits: number): string {
  return `static int give_cpuid(int fd)
{
	static const struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[2];
	} cpuid = {
		.head.nent = 2,
		.entries = { { .function = 0x80000000, .eax = 0x80000008 }, { .function = 0x80000008, .eax = ${addressBits} } },
	};

	return ioctl(fd, KVM_SET_CPUID2, &cpuid);
}

`;
}
