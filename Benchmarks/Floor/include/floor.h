#pragma once
#include <stdint.h>

/* One transfer, ready to bind: what the floor is given in memory. Token and amount are shortest big-endian bytes;
   the token carries its length in front, as the store's ordered keys do. */
typedef struct {
    uint64_t block;
    uint32_t log_index, ordinal, tx_index;
    uint8_t kind, token_count, amount_count, new_block;
    uint8_t contract[20], sender[20], recipient[20], mover[20];
    uint8_t token[33], amount[32], tx_hash[32], block_hash[32];
} floor_transfer;

typedef struct {
    double rows_seconds, index_seconds, total_seconds;
    long owners, balances;
} floor_result;

/* Writes the transfers into a new database at path. append_only: the transfer table and nothing else.
   Returns 0, or an SQLite code after printing the message. */
int floor_run(const char *path, const char *schema, const char *indexes, const floor_transfer *rows, long count,
              long batch, int append_only, floor_result *out);

/* Nanoseconds that the swap of the first chain's row takes in one transaction of the database at path, with the lease's
   columns and without them; rolled back. Returns 0, or an SQLite code after printing the message. */
int floor_lease(const char *path, long rounds, double *with_lease, double *without);
