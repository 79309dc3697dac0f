/* Counting operations, and dying at one of them. */
#include "internal.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    int kind, effect, report;
    long ordinal;
    uint64_t seed;
    long counts[CRASH_KINDS];
} plan = {.report = -1};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void crash_lock(void) { pthread_mutex_lock(&mutex); }
void crash_unlock(void) { pthread_mutex_unlock(&mutex); }

static const char *const names[CRASH_KINDS] = {
    "request", "answer", "begin", "statement", "commit", "committed", "write", "sync", "truncate", "delete",
};

const char *crash_kind_name(int kind) { return kind >= 0 && kind < CRASH_KINDS ? names[kind] : "none"; }

static void report(const char *kind, long ordinal, const char *detail) {
    char line[256];
    int length = snprintf(line, sizeof line, "%s\t%ld\t%s", kind, ordinal, detail);
    if (length < 0) return;
    if (length > (int)sizeof line - 2) length = sizeof line - 2;
    for (int place = 0; place < length; place++)
        if (line[place] == '\n') line[place] = ' ';
    line[length++] = '\n';
    ssize_t ignored = write(plan.report, line, (size_t)length);
    (void)ignored;
}

int crash_reach(int kind, const char *detail) {
    long ordinal = ++plan.counts[kind];
    report(names[kind], ordinal, detail);
    return plan.effect != CRASH_NEVER && kind == plan.kind && ordinal == plan.ordinal ? plan.effect : -1;
}

void crash_die(int effect) {
    char detail[64];
    long dropped = 0;
    if (effect == CRASH_LOST || effect == CRASH_MIXED) dropped = unsynced_drop(effect == CRASH_MIXED, plan.seed);
    snprintf(detail, sizeof detail, "%ld", dropped);
    report("died", plan.ordinal, detail);
    /* Not exit: nothing may be flushed, closed or unlocked by us. */
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

void crash_point(int kind, const char *detail) {
    crash_lock();
    int effect = crash_reach(kind, detail);
    if (effect >= 0) crash_die(effect);
    crash_unlock();
}

/* Whether the COMMIT that this thread is in ends a transaction that wrote. */
static _Thread_local int commits_writes;

static int starts_with(const char *text, const char *word) { return strncmp(text, word, strlen(word)) == 0; }

/* SQLite's statements, before the first step and after the last one (sqlite.org/c3ref/trace_v2.html). */
static int trace(unsigned type, void *context, void *statement, void *text) {
    sqlite3 *db = context;
    const char *sql = sqlite3_sql(statement);
    if (!sql) return 0;
    if (type == SQLITE_TRACE_PROFILE) {
        if (!starts_with(sql, "COMMIT") || !commits_writes) return 0;
        commits_writes = 0;
        /* Refused: the transaction is still open. */
        if (!sqlite3_get_autocommit(db)) return 0;
        char detail[64];
        crash_lock();
        snprintf(detail, sizeof detail, "%ld bytes unsynced", unsynced_bytes());
        crash_unlock();
        crash_point(CRASH_COMMITTED, detail);
        return 0;
    }
    /* A trigger's or a nested statement comes as a comment. */
    if (starts_with(text, "--")) return 0;
    if (starts_with(sql, "BEGIN IMMEDIATE") || starts_with(sql, "BEGIN EXCLUSIVE")) {
        crash_point(CRASH_BEGIN, sql);
    } else if (sqlite3_txn_state(db, NULL) == SQLITE_TXN_WRITE) {
        if (starts_with(sql, "COMMIT")) {
            commits_writes = 1;
            crash_point(CRASH_COMMIT, sql);
        } else if (!sqlite3_get_autocommit(db)) {
            crash_point(CRASH_STATEMENT, sql);
        }
    }
    return 0;
}

static int attach_trace(sqlite3 *db, char **error, const void *api) {
    (void)error;
    (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, trace, db);
}

int crash_plan_install(int kind, long ordinal, int effect, uint64_t seed, int report) {
    plan.kind = kind;
    plan.ordinal = ordinal;
    plan.effect = effect;
    plan.seed = seed;
    plan.report = report;
    int code = sqlite3_initialize();
    if (code == SQLITE_OK) code = crash_vfs_register();
    if (code == SQLITE_OK) code = sqlite3_auto_extension((void (*)(void))attach_trace);
    return code;
}
