/* A wall clock that is wrong by HOLDFAST_CLOCK_OFFSET seconds, or jumps by as much every two seconds: for LD_PRELOAD.
   Clocks that count from the start of the machine are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static time_t shift(time_t now) {
    const char *offset = getenv("HOLDFAST_CLOCK_OFFSET");
    const char *jumps = getenv("HOLDFAST_CLOCK_JUMPS");
    long seconds = offset ? atol(offset) : 0;
    return jumps && (now / 2) % 2 ? now - seconds : now + seconds;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, out);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) out->tv_sec = shift(out->tv_sec);
    return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now;
    (void)zone;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return result;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
