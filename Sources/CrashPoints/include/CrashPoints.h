#pragma once
#include <stdint.h>

/* Places where a process can be made to die: for `holdfast selftest`, whose child processes call crash_plan_install.
   Without that call nothing here runs: SQLite keeps its own file system layer and no statement is traced. */

enum crash_kind {
    CRASH_REQUEST,   /* before a request is sent to a node */
    CRASH_ANSWER,    /* after its answer was read */
    CRASH_BEGIN,     /* before BEGIN of a transaction that writes */
    CRASH_STATEMENT, /* before a statement inside such a transaction */
    CRASH_COMMIT,    /* before its COMMIT */
    CRASH_COMMITTED, /* after COMMIT took effect, before its caller knows */
    CRASH_WRITE,     /* a write to the database, its journal or its write-ahead log; so are the next three */
    CRASH_SYNC,
    CRASH_TRUNCATE,
    CRASH_DELETE,
    CRASH_KINDS
};

enum crash_effect {
    CRASH_KILL,  /* the process dies before the operation; what it wrote so far stays */
    CRASH_TORN,  /* of a write the first half is made, then the process dies */
    CRASH_LOST,  /* the machine loses power: what was written since each file's last sync is gone */
    CRASH_MIXED, /* the same, but the disk had kept some of these writes, by seed and for each 512 bytes */
    CRASH_NEVER  /* nobody dies: the points are only counted */
};

/* Registers the counting file system as SQLite's default and traces every connection opened from now on.
   The process ends by SIGKILL at operation `ordinal` (from 1) of `kind`. Every operation becomes a line of the file
   `report`: kind, ordinal and details, separated by tabs. Returns 0, or an SQLite result code. */
int crash_plan_install(int kind, long ordinal, int effect, uint64_t seed, int report);

/* An operation of `kind` is about to happen. */
void crash_point(int kind, const char *detail);

const char *crash_kind_name(int kind);
