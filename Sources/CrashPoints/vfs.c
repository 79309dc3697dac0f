/* SQLite's file system layer with every change of a file counted; all work is done by the one beneath
   (sqlite.org/vfs.html). */
#include "internal.h"
#include <stdio.h>
#include <string.h>

typedef struct {
    sqlite3_file base;
    const char *path; /* NULL for temporary files, which no other process ever sees: these are not counted */
    sqlite3_file *real;
} counted_file;

static sqlite3_vfs *beneath;

static counted_file *of(sqlite3_file *file) { return (counted_file *)file; }

static void describe(char *line, int size, const char *path, long long offset, int count) {
    const char *slash = strrchr(path, '/');
    snprintf(line, (size_t)size, "%s %lld %d", slash ? slash + 1 : path, offset, count);
}

static int f_close(sqlite3_file *file) { return of(file)->real->pMethods->xClose(of(file)->real); }

static int f_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    return of(file)->real->pMethods->xRead(of(file)->real, bytes, count, offset);
}

static int f_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    sqlite3_file *real = of(file)->real;
    const char *path = of(file)->path;
    if (!path) return real->pMethods->xWrite(real, bytes, count, offset);
    char line[128];
    describe(line, sizeof line, path, offset, count);
    crash_lock();
    int effect = crash_reach(CRASH_WRITE, line);
    if (effect == CRASH_TORN) real->pMethods->xWrite(real, bytes, count / 2, offset);
    if (effect >= 0) crash_die(effect);
    unsynced_write(path, real, bytes, count, offset);
    int code = real->pMethods->xWrite(real, bytes, count, offset);
    crash_unlock();
    return code;
}

static int f_truncate(sqlite3_file *file, sqlite3_int64 size) {
    sqlite3_file *real = of(file)->real;
    const char *path = of(file)->path;
    if (!path) return real->pMethods->xTruncate(real, size);
    char line[128];
    describe(line, sizeof line, path, size, 0);
    crash_lock();
    int effect = crash_reach(CRASH_TRUNCATE, line);
    if (effect >= 0) crash_die(effect);
    unsynced_truncate(path, real, size);
    int code = real->pMethods->xTruncate(real, size);
    crash_unlock();
    return code;
}

static int f_sync(sqlite3_file *file, int flags) {
    sqlite3_file *real = of(file)->real;
    const char *path = of(file)->path;
    if (!path) return real->pMethods->xSync(real, flags);
    char line[128];
    describe(line, sizeof line, path, 0, 0);
    crash_lock();
    int effect = crash_reach(CRASH_SYNC, line);
    if (effect >= 0) crash_die(effect);
    int code = real->pMethods->xSync(real, flags);
    if (code == SQLITE_OK) unsynced_forget(path);
    crash_unlock();
    return code;
}

static int f_size(sqlite3_file *file, sqlite3_int64 *size) {
    return of(file)->real->pMethods->xFileSize(of(file)->real, size);
}

static int f_lock(sqlite3_file *file, int level) { return of(file)->real->pMethods->xLock(of(file)->real, level); }
static int f_unlock(sqlite3_file *file, int level) { return of(file)->real->pMethods->xUnlock(of(file)->real, level); }

static int f_reserved(sqlite3_file *file, int *out) {
    return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, out);
}

static int f_control(sqlite3_file *file, int op, void *argument) {
    return of(file)->real->pMethods->xFileControl(of(file)->real, op, argument);
}

static int f_sector(sqlite3_file *file) { return of(file)->real->pMethods->xSectorSize(of(file)->real); }

static int f_device(sqlite3_file *file) {
    return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static int f_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out) {
    return of(file)->real->pMethods->xShmMap(of(file)->real, region, size, extend, out);
}

static int f_shm_lock(sqlite3_file *file, int offset, int n, int flags) {
    return of(file)->real->pMethods->xShmLock(of(file)->real, offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *file) { of(file)->real->pMethods->xShmBarrier(of(file)->real); }

static int f_shm_unmap(sqlite3_file *file, int deletes) {
    return of(file)->real->pMethods->xShmUnmap(of(file)->real, deletes);
}

/* Version 2: shared memory, but no memory-mapped reading, which would go past us. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_device,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static const int counted = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    (void)vfs;
    counted_file *ours = of(file);
    ours->real = (sqlite3_file *)(ours + 1);
    ours->path = flags & counted ? name : NULL;
    int code = beneath->xOpen(beneath, name, ours->real, flags, out);
    ours->base.pMethods = ours->real->pMethods ? &methods : NULL;
    return code;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int syncs) {
    (void)vfs;
    char line[128];
    describe(line, sizeof line, name, 0, 0);
    crash_lock();
    int effect = crash_reach(CRASH_DELETE, line);
    if (effect >= 0) crash_die(effect);
    unsynced_forget(name);
    int code = beneath->xDelete(beneath, name, syncs);
    crash_unlock();
    return code;
}

int crash_vfs_register(void) {
    static sqlite3_vfs vfs;
    beneath = sqlite3_vfs_find(NULL);
    if (!beneath) return SQLITE_ERROR;
    /* All else is called with our own structure, which begins with the same data as the one beneath. */
    vfs = *beneath;
    vfs.zName = "crash-points";
    vfs.szOsFile = (int)sizeof(counted_file) + beneath->szOsFile;
    vfs.pNext = NULL;
    vfs.xOpen = v_open;
    vfs.xDelete = v_delete;
    return sqlite3_vfs_register(&vfs, 1);
}
