#pragma once
#include "CrashPoints.h"
#include <sqlite3.h>

/* Shared by the files of this target. All of it is called with the lock held, except crash_lock and crash_trace. */

void crash_lock(void);
void crash_unlock(void);

/* Counts an operation and reports it; the effect if the process is to die at it, else -1. */
int crash_reach(int kind, const char *detail);
/* Ends the process; never returns. */
void crash_die(int effect);

int crash_vfs_register(void);

/* Remembers what a write or truncation replaces, so that it can be undone until the file's next sync. */
void unsynced_write(const char *path, sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset);
void unsynced_truncate(const char *path, sqlite3_file *file, sqlite3_int64 size);
/* The file is on the disk, or gone: nothing of it can be lost any more. */
void unsynced_forget(const char *path);
/* Bytes that a loss of power would take now. */
long unsynced_bytes(void);
/* Takes the unsynced writes back; with a seed some are kept. Returns how many writes were lost at least in part. */
long unsynced_drop(int keeps_some, uint64_t seed);
