#include "floor.h"
#include <sqlite3.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FENCE "revision = revision + 1, commit_id = ?1 WHERE id = 1 AND epoch = epoch AND holder = holder"

static double nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

static int swap(sqlite3_stmt *statement, int with_lease) {
    sqlite3_bind_blob(statement, 1, "0123456789abcdef", 16, SQLITE_STATIC);
    if (with_lease) {
        sqlite3_bind_text(statement, 2, "01234567-89ab-cdef-0123-456789abcdef", 36, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 3, (sqlite3_int64)(nanoseconds(CLOCK_BOOTTIME) / 1e6) + 15000);
        sqlite3_bind_int64(statement, 4, getpid());
        sqlite3_bind_text(statement, 5, "123456789", 9, SQLITE_STATIC);
    }
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : code;
}

int floor_lease(const char *path, long rounds, double *with_lease, double *without) {
    sqlite3 *db = 0;
    sqlite3_stmt *statements[2] = {0, 0};
    const char *texts[2] = {
        "UPDATE chain SET " FENCE,
        "UPDATE chain SET lease_boot = ?2, lease_until = ?3, lease_process = ?4, lease_birth = ?5, lease_work = NULL, " FENCE,
    };
    double spent[2] = {0, 0};
    int code = sqlite3_open(path, &db);
    if (!code) code = sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0);
    for (int i = 0; !code && i < 2; i++) code = sqlite3_prepare_v2(db, texts[i], -1, &statements[i], 0);
    for (long round = 0; !code && round < rounds; round++) {
        /* In turns, so that noise meets both. */
        int which = (int)(round & 1);
        double start = nanoseconds(CLOCK_MONOTONIC);
        for (int i = 0; !code && i < 100; i++) code = swap(statements[which], which);
        spent[which] += nanoseconds(CLOCK_MONOTONIC) - start;
    }
    if (code) fprintf(stderr, "lease: %s\n", sqlite3_errmsg(db));
    for (int i = 0; i < 2; i++) sqlite3_finalize(statements[i]);
    sqlite3_exec(db, "ROLLBACK", 0, 0, 0);
    sqlite3_close(db);
    *without = spent[0] / (rounds / 2 * 100);
    *with_lease = spent[1] / (rounds / 2 * 100);
    return code;
}
