/* The floor: what SQLite itself costs. The same tables, pragmas, batches, indexes and columns as the store, through the
   bare C interface, with the transfers already decoded in memory and the keys of each batch sorted. */
#include "floor.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static uint64_t mix(const uint8_t *p, int n, uint64_t h) {
    for (int i = 0; i + 8 <= n; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        h = (h ^ w) * 0x9E3779B97F4A7C15ull;
        h ^= h >> 29;
    }
    for (int i = n & ~7; i < n; i++) h = (h ^ p[i]) * 0xD6E8FEB86659FD93ull, h ^= h >> 31;
    return h;
}

/* addresses to ids */
typedef struct { uint8_t key[20]; int64_t id; } slot;
static slot *book;
static long book_mask, book_count;
static sqlite3_stmt *insert_address;

static int64_t intern(const uint8_t *a) {
    static const uint8_t zero[20];
    if (!memcmp(a, zero, 20)) return 0;
    if (book_count * 2 > book_mask) {
        long old = book_mask + 1;
        slot *was = book;
        book_mask = old * 2 - 1;
        book = calloc(old * 2, sizeof *book);
        for (long i = 0; i < old; i++)
            if (was[i].id) {
                long j = mix(was[i].key, 20, 1) & book_mask;
                while (book[j].id) j = (j + 1) & book_mask;
                book[j] = was[i];
            }
        free(was);
    }
    long i = mix(a, 20, 1) & book_mask;
    while (book[i].id) {
        if (!memcmp(book[i].key, a, 20)) return book[i].id;
        i = (i + 1) & book_mask;
    }
    memcpy(book[i].key, a, 20);
    book[i].id = ++book_count;
    sqlite3_bind_int64(insert_address, 1, book[i].id);
    sqlite3_bind_blob(insert_address, 2, book[i].key, 20, SQLITE_STATIC);
    sqlite3_step(insert_address);
    sqlite3_reset(insert_address);
    return book[i].id;
}

/* holdings of one batch: unique owners, balances, supplies in one map each */
typedef struct {
    int64_t contract, owner;
    uint8_t token[33], count, used;
    int64_t value, movements, block, log_index, ordinal;
} entry;
typedef struct { entry *slots; long mask, count; } map;

static entry *find(map *m, int64_t contract, int64_t owner, const uint8_t *token, int count) {
    uint64_t h = mix(token, count, contract * 0xA0761D6478BD642Full ^ owner * 0xE7037ED1A0B428DBull);
    long i = h & m->mask;
    while (m->slots[i].used) {
        entry *e = &m->slots[i];
        if (e->contract == contract && e->owner == owner && e->count == count && !memcmp(e->token, token, count)) return e;
        i = (i + 1) & m->mask;
    }
    entry *e = &m->slots[i];
    memset(e, 0, sizeof *e);
    e->used = 1, e->contract = contract, e->owner = owner, e->count = count;
    memcpy(e->token, token, count);
    m->count++;
    return e;
}

static int compare(const void *left, const void *right) {
    const entry *a = *(entry *const *)left, *b = *(entry *const *)right;
    if (a->contract != b->contract) return a->contract < b->contract ? -1 : 1;
    int n = a->count < b->count ? a->count : b->count, c = memcmp(a->token, b->token, n);
    if (c) return c;
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    return a->owner < b->owner ? -1 : a->owner > b->owner;
}

static entry **sorted;
static long take(map *m) {
    long n = 0;
    for (long i = 0; i <= m->mask; i++) if (m->slots[i].used) sorted[n++] = &m->slots[i];
    qsort(sorted, n, sizeof *sorted, compare);
    return n;
}

static void clear(map *m) {
    for (long i = 0; i <= m->mask; i++) m->slots[i].used = 0;
    m->count = 0;
}

static int shortest(int64_t v, uint8_t *out) {
    int n = 0, top = 7;
    if (v == 0) return 0;
    while (top > 0) {
        int64_t rest = v >> (top * 8 - 1);
        if (rest != 0 && rest != -1) break;
        top--;
    }
    for (; top >= 0; top--) out[n++] = v >> (top * 8);
    return n;
}

static int64_t value(const uint8_t *p, int n) {
    uint64_t v = 0;
    for (int i = 0; i < n; i++) v = v << 8 | p[i];
    return v;
}

int floor_run(const char *path, const char *schema, const char *indexes, const floor_transfer *rows, long count,
              long batch, int append_only, floor_result *out) {
    sqlite3 *db;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, 0);
    char *error = 0;
    double start = now();
#define RUN(sql) \
    if (!code && (code = sqlite3_exec(db, sql, 0, 0, &error))) { fprintf(stderr, "floor: %s: %s\n", sql, error); return code; }
    RUN("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32768; PRAGMA temp_store=FILE;"
        "PRAGMA wal_autocheckpoint=20000");
    RUN(schema);
    sqlite3_stmt *transfer, *block, *owner, *get_owner, *get_balance, *put_balance, *get_supply, *put_supply;
#define PREPARE(s, sql) \
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, 0)) { fprintf(stderr, "floor: %s\n", sqlite3_errmsg(db)); return 1; }
    PREPARE(insert_address, "INSERT INTO address(id, bytes) VALUES(?1, ?2)");
    PREPARE(transfer, "INSERT INTO transfer VALUES(1,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,0) ON CONFLICT DO NOTHING");
    PREPARE(block, "INSERT INTO block VALUES(1,?1,?2,NULL,1) ON CONFLICT DO NOTHING");
    PREPARE(get_owner, "SELECT block, log_index, ordinal FROM owner WHERE chain=1 AND contract=?1 AND token=?2");
    PREPARE(owner, "REPLACE INTO owner VALUES(1,?1,?2,?3,?4,?5,?6,0)");
    PREPARE(get_balance, "SELECT amount FROM balance WHERE chain=1 AND contract=?1 AND token=?2 AND owner=?3");
    PREPARE(put_balance, "REPLACE INTO balance VALUES(1,?1,?2,?3,?4,0)");
    PREPARE(get_supply, "SELECT amount, movements FROM supply WHERE chain=1 AND contract=?1 AND token=?2");
    PREPARE(put_supply, "REPLACE INTO supply VALUES(1,?1,?2,?3,?4)");
    book_mask = (1 << 16) - 1, book_count = 0;
    book = calloc(book_mask + 1, sizeof *book);
    long size = 1;
    while (size < batch * 4) size *= 2;
    map owners = {calloc(size, sizeof(entry)), size - 1, 0}, balances = {calloc(size, sizeof(entry)), size - 1, 0},
        supplies = {calloc(size, sizeof(entry)), size - 1, 0};
    sorted = malloc(size * sizeof *sorted);
    memset(out, 0, sizeof *out);
    for (long first = 0; first < count; first += batch) {
        long last = first + batch < count ? first + batch : count;
        RUN("BEGIN IMMEDIATE");
        for (long i = first; i < last; i++) {
            const floor_transfer *t = &rows[i];
            int64_t contract = intern(t->contract), from = intern(t->sender), to = intern(t->recipient), mover = intern(t->mover);
            if (t->new_block && !append_only) {
                sqlite3_bind_int64(block, 1, t->block);
                sqlite3_bind_blob(block, 2, t->block_hash, 32, SQLITE_STATIC);
                sqlite3_step(block), sqlite3_reset(block);
            }
            sqlite3_bind_int64(transfer, 1, t->block);
            sqlite3_bind_int64(transfer, 2, t->log_index);
            sqlite3_bind_int64(transfer, 3, t->ordinal);
            sqlite3_bind_int64(transfer, 4, contract);
            sqlite3_bind_blob(transfer, 5, t->token, t->token_count, SQLITE_STATIC);
            sqlite3_bind_int64(transfer, 6, from);
            sqlite3_bind_int64(transfer, 7, to);
            sqlite3_bind_int64(transfer, 8, mover);
            sqlite3_bind_blob(transfer, 9, t->amount, t->amount_count, SQLITE_STATIC);
            sqlite3_bind_blob(transfer, 10, t->tx_hash, 32, SQLITE_STATIC);
            sqlite3_bind_int64(transfer, 11, t->tx_index);
            sqlite3_bind_int64(transfer, 12, t->kind);
            if (sqlite3_step(transfer) != SQLITE_DONE) { fprintf(stderr, "floor: %s\n", sqlite3_errmsg(db)); return 1; }
            sqlite3_reset(transfer);
            if (append_only) continue;
            if (t->kind == 1) {
                entry *e = find(&owners, contract, 0, t->token, t->token_count);
                e->value = to, e->block = t->block, e->log_index = t->log_index, e->ordinal = t->ordinal;
            } else {
                int64_t amount = value(t->amount, t->amount_count);
                entry *s = find(&supplies, contract, 0, t->token, t->token_count);
                s->movements++;
                if (from) find(&balances, contract, from, t->token, t->token_count)->value -= amount; else s->value += amount;
                if (to) find(&balances, contract, to, t->token, t->token_count)->value += amount; else s->value -= amount;
            }
        }
        if (!append_only) {
            long n = take(&owners);
            for (long i = 0; i < n; i++) {
                entry *e = sorted[i];
                sqlite3_bind_int64(get_owner, 1, e->contract);
                sqlite3_bind_blob(get_owner, 2, e->token, e->count, SQLITE_STATIC);
                int newer = 1;
                if (sqlite3_step(get_owner) == SQLITE_ROW) {
                    int64_t block = sqlite3_column_int64(get_owner, 0), log = sqlite3_column_int64(get_owner, 1);
                    newer = block < e->block || (block == e->block && log < e->log_index);
                }
                sqlite3_reset(get_owner);
                if (!newer) continue;
                sqlite3_bind_int64(owner, 1, e->contract);
                sqlite3_bind_blob(owner, 2, e->token, e->count, SQLITE_STATIC);
                sqlite3_bind_int64(owner, 3, e->value);
                sqlite3_bind_int64(owner, 4, e->block);
                sqlite3_bind_int64(owner, 5, e->log_index);
                sqlite3_bind_int64(owner, 6, e->ordinal);
                sqlite3_step(owner), sqlite3_reset(owner);
            }
            out->owners += n;
            uint8_t bytes[8];
            n = take(&balances);
            for (long i = 0; i < n; i++) {
                entry *e = sorted[i];
                if (!e->value) continue;
                sqlite3_bind_int64(get_balance, 1, e->contract);
                sqlite3_bind_blob(get_balance, 2, e->token, e->count, SQLITE_STATIC);
                sqlite3_bind_int64(get_balance, 3, e->owner);
                if (sqlite3_step(get_balance) == SQLITE_ROW) {
                    int m = sqlite3_column_bytes(get_balance, 0);
                    const uint8_t *p = sqlite3_column_blob(get_balance, 0);
                    int64_t old = m && p[0] & 0x80 ? -1 : 0;
                    for (int k = 0; k < m; k++) old = (int64_t)((uint64_t)old << 8 | p[k]);
                    e->value += old;
                }
                sqlite3_reset(get_balance);
                sqlite3_bind_int64(put_balance, 1, e->contract);
                sqlite3_bind_blob(put_balance, 2, e->token, e->count, SQLITE_STATIC);
                sqlite3_bind_int64(put_balance, 3, e->owner);
                sqlite3_bind_blob(put_balance, 4, bytes, shortest(e->value, bytes), SQLITE_STATIC);
                sqlite3_step(put_balance), sqlite3_reset(put_balance);
            }
            out->balances += n;
            n = take(&supplies);
            for (long i = 0; i < n; i++) {
                entry *e = sorted[i];
                sqlite3_bind_int64(get_supply, 1, e->contract);
                sqlite3_bind_blob(get_supply, 2, e->token, e->count, SQLITE_STATIC);
                if (sqlite3_step(get_supply) == SQLITE_ROW) {
                    int m = sqlite3_column_bytes(get_supply, 0);
                    const uint8_t *p = sqlite3_column_blob(get_supply, 0);
                    int64_t old = m && p[0] & 0x80 ? -1 : 0;
                    for (int k = 0; k < m; k++) old = (int64_t)((uint64_t)old << 8 | p[k]);
                    e->value += old, e->movements += sqlite3_column_int64(get_supply, 1);
                }
                sqlite3_reset(get_supply);
                sqlite3_bind_int64(put_supply, 1, e->contract);
                sqlite3_bind_blob(put_supply, 2, e->token, e->count, SQLITE_STATIC);
                sqlite3_bind_blob(put_supply, 3, bytes, shortest(e->value, bytes), SQLITE_STATIC);
                sqlite3_bind_int64(put_supply, 4, e->movements);
                sqlite3_step(put_supply), sqlite3_reset(put_supply);
            }
            clear(&owners), clear(&balances), clear(&supplies);
        }
        RUN("COMMIT");
    }
    out->rows_seconds = now() - start;
    double before = now();
    if (!append_only) RUN(indexes);
    RUN("PRAGMA wal_checkpoint(PASSIVE)");
    out->index_seconds = now() - before;
    sqlite3_stmt *all[] = {insert_address, transfer, block, owner, get_owner, get_balance, put_balance, get_supply, put_supply};
    for (int i = 0; i < 9; i++) sqlite3_finalize(all[i]);
    code = sqlite3_close(db);
    out->total_seconds = now() - start;
    free(book), free(owners.slots), free(balances.slots), free(supplies.slots), free(sorted);
    return code;
}
