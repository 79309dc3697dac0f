/* What a loss of power takes: every write since its file's last sync, kept with what it replaced. */
#include "internal.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct change {
    struct change *older, *newer;
    sqlite3_int64 offset, size_before;
    int truncates;
    int replaced_count, count; /* bytes that were there; bytes that were written */
    unsigned char *replaced, *bytes;
} change;

typedef struct changed_file {
    struct changed_file *next;
    char *path;
    change *newest, *oldest;
} changed_file;

static changed_file *files;

static changed_file *file_at(const char *path) {
    for (changed_file *file = files; file; file = file->next)
        if (strcmp(file->path, path) == 0) return file;
    changed_file *file = calloc(1, sizeof *file);
    if (!file || !(file->path = strdup(path))) abort();
    file->next = files;
    return files = file;
}

static unsigned char *copy(const void *bytes, int count) {
    unsigned char *made = malloc(count > 0 ? (size_t)count : 1);
    if (!made) abort();
    if (bytes) memcpy(made, bytes, (size_t)count);
    return made;
}

static change *add(const char *path, sqlite3_file *file, sqlite3_int64 offset, sqlite3_int64 end) {
    change *made = calloc(1, sizeof *made);
    if (!made) abort();
    file->pMethods->xFileSize(file, &made->size_before);
    made->offset = offset;
    if (end > made->size_before) end = made->size_before;
    made->replaced_count = end > offset ? (int)(end - offset) : 0;
    made->replaced = copy(NULL, made->replaced_count);
    if (made->replaced_count) file->pMethods->xRead(file, made->replaced, made->replaced_count, offset);
    changed_file *changed = file_at(path);
    made->older = changed->newest;
    if (changed->newest) changed->newest->newer = made;
    if (!changed->oldest) changed->oldest = made;
    changed->newest = made;
    return made;
}

void unsynced_write(const char *path, sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    change *made = add(path, file, offset, offset + count);
    made->count = count;
    made->bytes = copy(bytes, count);
}

void unsynced_truncate(const char *path, sqlite3_file *file, sqlite3_int64 size) {
    add(path, file, size, INT64_MAX)->truncates = 1;
}

void unsynced_forget(const char *path) {
    changed_file *file = file_at(path);
    while (file->newest) {
        change *gone = file->newest;
        file->newest = gone->older;
        free(gone->replaced);
        free(gone->bytes);
        free(gone);
    }
    file->oldest = NULL;
}

long unsynced_bytes(void) {
    long sum = 0;
    for (changed_file *file = files; file; file = file->next)
        for (change *each = file->newest; each; each = each->older) sum += each->count;
    return sum;
}

/* SplitMix64. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Makes a change again, each 512 bytes of it or not; 1 if some of it stays lost. */
static long keep_some(int descriptor, const change *each, uint64_t *random) {
    long lost = 0;
    if (each->truncates) {
        if (next_random(random) & 1) return ftruncate(descriptor, each->offset) != 0;
        return 1;
    }
    for (int from = 0; from < each->count; from += 512) {
        int length = each->count - from < 512 ? each->count - from : 512;
        if ((next_random(random) & 1) && pwrite(descriptor, each->bytes + from, (size_t)length, each->offset + from) == length)
            continue;
        lost = 1;
    }
    return lost;
}

long unsynced_drop(int keeps_some, uint64_t seed) {
    long undone = 0, lost = 0;
    for (changed_file *file = files; file; file = file->next) {
        int descriptor = file->newest ? open(file->path, O_RDWR | O_CLOEXEC) : -1;
        if (descriptor < 0) continue;
        for (change *each = file->newest; each; each = each->older) {
            if (pwrite(descriptor, each->replaced, (size_t)each->replaced_count, each->offset) != each->replaced_count ||
                ftruncate(descriptor, each->size_before) != 0)
                abort();
            undone++;
        }
        if (!keeps_some) continue;
        for (change *each = file->oldest; each; each = each->newer) lost += keep_some(descriptor, each, &seed);
    }
    return keeps_some ? lost : undone;
}
