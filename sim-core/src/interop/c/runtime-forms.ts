/** What only one form of program has: turns of a schedule with tests, or rounds with a histogram. */
/** What follows a schedule: each statement waits for its turn. */
export const IN_TURNS = String.raw`
static void too_late(int signal)
{
	(void)signal;
	bail_out("the call did not return within a minute");
}

__attribute__((unused)) static void turn(int number, int line)
{
	while (atomic_load(&S->turn) != number) {
		if (atomic_load(&S->stop))
			_exit(1);
		usleep(20);
	}
	atomic_store(&S->line, line);
	alarm(60);
}

__attribute__((unused)) static void next(void)
{
	alarm(0);
	atomic_fetch_add(&S->turn, 1);
}

/* A call as it ended. "declared" and "expected" are what the scenario says, "model" what the simulator says. */
__attribute__((unused)) static void said(const char *actor, int line, const char *text, long long got, int declared, long long expected, long long model)
{
	char name[32] = "";

	if (got < 0)
		snprintf(name, sizeof(name), " (%s)", errno_name(-got));
	dprintf(1, "# %d %s: %s = %lld%s\n", line, actor, text, got, name);
	if (got != model)
		dprintf(1, "# %d the simulator says %lld\n", line, model);
	if (!declared)
		return;
	atomic_fetch_add(&S->test, 1);
	if (got == expected) {
		dprintf(1, "ok %d line %d\n", atomic_load(&S->test), line);
		return;
	}
	atomic_fetch_add(&S->failed, 1);
	dprintf(1, "not ok %d line %d: declared %lld, the kernel returns %lld\n", atomic_load(&S->test), line, expected, got);
}

__attribute__((unused)) static void guest(struct guest *g, int id, int vm, const unsigned char *code, size_t length, int line, const char *text)
{
	int stopped;

	if (enter_vcpu(g, id, vm)) {
		dprintf(1, "# %d not run, the vCPU does not exist: %s\n", line, text);
		return;
	}
	stopped = run_guest(g, code, length);
	dprintf(1, stopped ? "# %d guest: %s: KVM_RUN stops with %d\n" : "# %d guest: %s\n", line, text, stopped);
}
`;

/** What lets all threads run freely, many times. */
export const FREELY = String.raw`
#define MAX_OUTCOMES 1024
#define ROUND_SECONDS 5
#define MAX_UNFINISHED 10

static struct { char text[4096]; long count; } histogram[MAX_OUTCOMES];
static int outcomes;
/* Rounds without an outcome: cut after ROUND_SECONDS, or ended by an error or a signal; and those beyond the histogram. */
static long late, broken, uncounted;

static void count_outcome(const char *text)
{
	for (int i = 0; i < outcomes; i++) {
		if (strcmp(histogram[i].text, text))
			continue;
		histogram[i].count++;
		return;
	}
	if (outcomes == MAX_OUTCOMES) {
		uncounted++;
		return;
	}
	snprintf(histogram[outcomes].text, sizeof(histogram[outcomes].text), "%s", text);
	histogram[outcomes++].count = 1;
}

/* All threads leave together, each after a delay of its own, so that rounds differ. */
__attribute__((unused)) static void meet(int parties, unsigned int seed)
{
	atomic_fetch_add(&S->waiting, 1);
	while (atomic_load(&S->waiting) < parties)
		sched_yield();
	for (volatile unsigned int i = rand_r(&seed) % 4096; i; i--)
		;
}

static void count_round(int status)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		count_outcome(S->outcome);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		late++;
	else
		broken++;
}

static long rounds_of(const char *text)
{
	char *end;
	long rounds;

	errno = 0;
	rounds = strtol(text ? text : "", &end, 10);
	if (!text || end == text || *end || rounds < 1 || errno) {
		fprintf(stderr, "-n takes a number of rounds, from 1 to %ld, not %s\n", LONG_MAX, text ? text : "nothing");
		exit(2);
	}
	return rounds;
}

/* Returns what the program ends with: 1 when no round had an outcome. */
static int write_histogram(long rounds)
{
	printf("Test %s Allowed\nHistogram (%d states)\n", SCENARIO, outcomes);
	for (int i = 0; i < outcomes; i++)
		printf("%-8ld:>%s\n", histogram[i].count, histogram[i].text);
	if (late)
		printf("# %ld of %ld rounds did not end within %d seconds\n", late, rounds, ROUND_SECONDS);
	if (broken)
		printf("# %ld of %ld rounds ended before their outcome\n", broken, rounds);
	if (uncounted)
		printf("# %ld of %ld rounds had outcomes beyond the first %d\n", uncounted, rounds, MAX_OUTCOMES);
	if (late + broken >= MAX_UNFINISHED)
		printf("# stopped, because %d rounds had no outcome\n", MAX_UNFINISHED);
	say_kernel();
	if (!outcomes)
		printf("# no round had an outcome: nothing is known\n");
	return !outcomes;
}
`;
