/**
 * The part of an exported program that is the same in each: descriptors and paths, the devices of the command line,
 * memory at fixed addresses, vCPUs, turns, and what is printed. C of the kernel's style, for the C library and the
 * kernel's headers alone.
 *
 * What the program defines before it: NAMES, ACTORS, PROCESSES, and the tables `devices`, `pages` and `names`, and the texts SCENARIO and MADE_FOR.
 */
import { guestRuntime } from './runtime-guest.ts';

export const RUNTIME_HEAD = `#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct device {
	const char *name;	/* in the scenario */
	const char *bdf;	/* in the scenario */
	int group;		/* in the scenario, or -1 */
	int vfio_pci;		/* bound to vfio-pci in the scenario */
	int noiommu;		/* in a group that no IOMMU translates for */
	char real[32];		/* on this machine */
	int real_group;
	char cdev[32];
};

struct page {
	unsigned long address;
	int registered;		/* a call of the scenario gives it to the VM */
};

struct vcpu {
	int vm, id, fd;
};
`;

const DEVICE_RUNTIME = String.raw`
#define MAX_VCPUS 32
#define GUEST_CODE 0xe0000ul	/* guest-physical: two pages for code and stack */
#define GUEST_STACK 0xe2000u
#define FIRST_SLOT 90
#define END_PORT 0xf4

static struct shared {
	atomic_int turn;
	atomic_int line;
	atomic_int test;
	atomic_int failed;
	atomic_int vcpus;
	atomic_int waiting;
	atomic_int stop;
	atomic_int pid[PROCESSES];
	atomic_llong name[NAMES + 1];
	atomic_int err[ACTORS];
	atomic_int reg[ACTORS][8];
	struct vcpu vcpu[MAX_VCPUS];
	char outcome[4096];
} *S;

static void skip_all(const char *why, const char *what)
{
	printf("1..0 # SKIP %s%s\n", why, what);
	exit(4);
}

static void bail_out(const char *why)
{
	int line = atomic_load(&S->line);

	if (line)
		dprintf(1, "Bail out! line %d: %s\n", line, why);
	else
		dprintf(1, "Bail out! %s\n", why);
	atomic_store(&S->stop, 1);
	_exit(1);
}

/* Results depend on the kernel, and the order of the calls on the one that the program was made for. */
static void say_kernel(void)
{
	struct utsname host;

	if (!uname(&host))
		printf("# kernel %s\n", host.release);
	printf("# made for %s\n", MADE_FOR);
}

static long long result(long long value)
{
	return value < 0 ? -errno : value;
}

/* Devices of the scenario, by what the command line says. */

static struct device *device_of(const char *bdf)
{
	for (int i = 0; i < DEVICES; i++)
		if (!strcmp(devices[i].bdf, bdf))
			return &devices[i];
	return NULL;
}

static int link_end(const char *path, char *end, size_t size)
{
	char target[512];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	if (length < 0)
		return -1;
	target[length] = 0;
	snprintf(end, size, "%.63s", strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
	return 0;
}

static void find_device(struct device *d)
{
	char path[128], end[64];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/driver", d->real);
	if (d->vfio_pci && (link_end(path, end, sizeof(end)) || strcmp(end, "vfio-pci")))
		skip_all("not bound to vfio-pci: ", d->real);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/iommu_group", d->real);
	d->real_group = link_end(path, end, sizeof(end)) ? -1 : atoi(end);
	if (d->group >= 0 && d->real_group < 0)
		skip_all("in no IOMMU group: ", d->real);
	snprintf(path, sizeof(path), "/dev/vfio/%s%d", d->noiommu ? "" : "noiommu-", d->real_group);
	if (d->group >= 0 && !access(path, F_OK))
		skip_all(d->noiommu ? "an IOMMU translates for it: " : "no IOMMU translates for it: ", d->real);
	for (int i = 0; i < 256; i++) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/vfio-dev/vfio%d", d->real, i);
		if (!access(path, F_OK))
			snprintf(d->cdev, sizeof(d->cdev), "/dev/vfio/devices/vfio%d", i);
	}
}

static void usage(const char *program, const char *options)
{
	printf("usage: %s%s", program, options);
	for (int d = 0; d < DEVICES; d++)
		printf(" %s=ADDRESS", devices[d].name);
	printf("\nMakes the calls of the scenario \"%s\" on this kernel.\n", SCENARIO);
	for (int d = 0; d < DEVICES; d++)
		printf("  %s: the device that plays %s%s\n", devices[d].name, devices[d].bdf,
		       devices[d].vfio_pci ? ", bound to vfio-pci" : "");
	exit(0);
}

static int asks_for_help(const char *word)
{
	return !strcmp(word, "-h") || !strcmp(word, "--help");
}

static void name_device(const char *word)
{
	const char *equals = strchr(word, '=');

	for (int d = 0; equals && d < DEVICES; d++) {
		if (strncmp(devices[d].name, word, equals - word) || devices[d].name[equals - word])
			continue;
		if (devices[d].real[0] || strlen(equals + 1) >= sizeof(devices[d].real)) {
			fprintf(stderr, devices[d].real[0] ? "named twice: %s\n" : "not an address: %s\n", word);
			exit(2);
		}
		snprintf(devices[d].real, sizeof(devices[d].real), "%.31s", equals + 1);
		return;
	}
	fprintf(stderr, "no device of the scenario: %s (-h lists them)\n", word);
	exit(2);
}

static void name_devices(int count, char **words)
{
	for (int i = 0; i < count; i++)
		name_device(words[i]);
}

static void find_devices(void)
{
	for (int d = 0; d < DEVICES; d++) {
		if (!devices[d].real[0])
			skip_all("name the device that plays it, NAME=0000:00:00.0: ", devices[d].name);
		find_device(&devices[d]);
	}
	for (int a = 0; a < DEVICES; a++)
		for (int b = 0; b < a; b++)
			if (devices[a].group >= 0 && devices[b].group >= 0 &&
			    (devices[a].group == devices[b].group) != (devices[a].real_group == devices[b].real_group))
				skip_all("the scenario has other IOMMU groups: ", devices[a].name);
}

/* A PCI address in a call. Of real devices only those of the command line are named. */
__attribute__((unused)) static unsigned long device_name(const char *bdf)
{
	struct device *d = device_of(bdf);
	char path[128];

	if (d)
		return (unsigned long)d->real;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s", bdf);
	if (!access(path, F_OK))
		bail_out("the call would name a real device that the command line does not");
	return (unsigned long)bdf;
}

__attribute__((unused)) static long long open_path(const char *path, int flags)
{
	return result(open(path, flags & ~O_CREAT));
}

/* A VFIO group by its number in the scenario; its node has "prefix", "" or "noiommu-", before it. */
__attribute__((unused)) static long long open_group(const char *prefix, int number, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/none%d", number);
	for (int d = 0; d < DEVICES; d++)
		if (devices[d].group == number)
			snprintf(path, sizeof(path), "/dev/vfio/%s%d", prefix, devices[d].real_group);
	return open_path(path, flags);
}

/* The character device of a device, by its place in the scenario. */
__attribute__((unused)) static long long open_cdev(int number, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/devices/none%d", number);
	for (int d = 0; d < DEVICES; d++)
		if (d == number && devices[d].cdev[0])
			snprintf(path, sizeof(path), "%s", devices[d].cdev);
	return open_path(path, flags);
}

/* A descriptor that the scenario numbers: the program has fewer files open than the process it was taken from. */
__attribute__((unused)) static long long numbered(long long fd, int number)
{
	if (fd < 0 || fd == number || fcntl(number, F_GETFD) >= 0)
		return fd;
	dup3(fd, number, fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0);
	close(fd);
	return number;
}

__attribute__((unused)) static long long take_fd(int from, int fd, unsigned int flags)
{
	int low = syscall(SYS_pidfd_open, atomic_load(&S->pid[from]), 0);
	int pidfd = fcntl(low, F_DUPFD_CLOEXEC, 700);
	long long got;

	if (low < 0)
		return -errno;
	close(low);
	got = result(syscall(SYS_pidfd_getfd, pidfd, fd, flags));
	close(pidfd);
	return got;
}

/* PCI_EXP_DEVCTL counts from the PCI Express capability. */
static off_t config_offset(int fd, unsigned long long offset)
{
	off_t config = (off_t)VFIO_PCI_CONFIG_REGION_INDEX << 40;
	unsigned char at = 0, header[2];

	if (pread(fd, &at, 1, config + 0x34) != 1)
		return config + offset % (1ull << 40);
	for (int hops = 0; at && hops < 48; hops++, at = header[1]) {
		if (pread(fd, header, 2, config + at) != 2)
			break;
		if (header[0] == 0x10)
			return config + at + offset % (1ull << 40);
	}
	return config + offset % (1ull << 40);
}

__attribute__((unused)) static long long pread64_at(int fd, void *buffer, size_t count, unsigned long long offset)
{
	return result(pread(fd, buffer, count, config_offset(fd, offset)));
}

__attribute__((unused)) static long long pwrite64_at(int fd, const void *buffer, size_t count, unsigned long long offset)
{
	return result(pwrite(fd, buffer, count, config_offset(fd, offset)));
}

/* Memory: guest-physical address, I/O virtual address and user address of a word are one number. */

static void map_memory(void)
{
	for (int i = 0; i < PAGES; i++)
		if (mmap((void *)pages[i].address, 0x1000, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)pages[i].address)
			bail_out("a page of the scenario cannot be mapped at its address");
	fill_memory();
}
`;

const PROCESS_RUNTIME = String.raw`
__attribute__((unused)) static void pin(pthread_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(thread, sizeof(set), &set))
		dprintf(1, "# this machine has no CPU %d to pin to\n", cpu);
}

static void close_files(void)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
}

static void make_shared(void)
{
	S = mmap(NULL, sizeof(*S), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (S == MAP_FAILED)
		exit(1);
}

static void reset_shared(void)
{
	memset(S, 0, sizeof(*S));
	for (int i = 0; i < NAMES; i++)
		atomic_store(&S->name[i], -1);
}
`;

/** All of it, in the order in which C needs it. */
/** `addressBits`: of a physical address, as the scenario's CPUs have. */
export function runtimeFor(addressBits: number): string {
  return [DEVICE_RUNTIME, guestRuntime(addressBits), PROCESS_RUNTIME].join('');
}
