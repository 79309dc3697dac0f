/* Several processes, one database, a chain that reorganises: does the ledger stay one chain's ledger, whole and once?
 *
 * Blocks 1..N of a chain; one scope, added late, so that its history is all holes under a tip that is held. Processes
 * take the lease (by expiry, at any instant), fill holes and follow heads. The adversary: a lease expires whenever it
 * likes, a process dies anywhere and forgets everything, an acknowledgement of COMMIT is lost, a node lags, the chain
 * replaces its last 1..N blocks or goes back to the branch before, an operator rewinds; with LOSE=1 the database loses
 * its last transaction. With ZCOMMITS>0 a second chain lives in the same store.
 *
 * Every block of the model is one transaction or one answer of a node; the comment above it names the code.
 * Safety, and no state without a way on; what happens again and again for ever is not checked.
 *
 * FENCE   3 epoch and holder, of the chain's row and of the lease | 4 of the chain's row alone | 1 epoch alone | 2 both, but in a step before the transaction | 0 none
 * SWAP    3 revision and commit id | 2 revision alone | 1 tip's number and hash | 0 none
 * The other switches are mutants: each is described where it stands.
 */
#ifndef FENCE
#define FENCE 3
#endif
#ifndef SWAP
#define SWAP 3
#endif
#ifndef LOSE
#define LOSE 0
#endif
#ifndef N
#define N 3          /* blocks */
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef GRANTS
#define GRANTS 3     /* leases given out, in all */
#endif
#ifndef REORGS
#define REORGS 2
#endif
#ifndef REWINDS
#define REWINDS 1    /* by the operator */
#endif
#ifndef ZCOMMITS
#define ZCOMMITS 0   /* commits of the second chain */
#endif
#ifndef TIP
#define TIP N        /* height of the tip at the start, below which all is holes */
#endif
#ifndef REORG_MIN
#define REORG_MIN 1  /* the lowest block that a reorg replaces */
#endif
#define IDS (N*(REORGS+1)+2)
#define BIT(h) (1<<(h))

/* The node. A block's id stands for its hash; parents never change. */
byte canon[N+1], before[N+1], parent[IDS], nextID = 1;

/* The store: table `lease`, the chain's row, tables `block`, `transfer` and `coverage`. */
byte leaseEpoch, leaseHolder;
byte revision, epoch, holder, tip, tipHeight, rewinds, checkpoint;
byte held[N+1], rows[N+1], covered;

/* What a process remembers of versions: the one its update is computed from, and the commit id of that update. */
byte baseCommit[WORKERS], intended[WORKERS];
/* Something was committed since it looked; only the promises are judged by this, no process can see it. */
bool isStale[WORKERS];

/* The adversary's budgets. */
byte grants, reorgs, operatorRewinds, losses;
bool quiet;

/* Scratch: no part of a state. */
hidden byte k, w, hole, ok;


#if LOSE
byte o_leaseEpoch, o_leaseHolder, o_revision, o_epoch, o_holder, o_tip, o_tipHeight, o_rewinds;
byte o_checkpoint, o_held[N+1], o_rows[N+1], o_covered;
#endif

/* BEGIN IMMEDIATE */
inline begin() {
#if LOSE
  o_leaseEpoch = leaseEpoch; o_leaseHolder = leaseHolder; o_revision = revision;
  o_epoch = epoch; o_holder = holder; o_tip = tip; o_tipHeight = tipHeight; o_rewinds = rewinds;
  o_checkpoint = checkpoint; o_covered = covered; k = 0;
  do :: k <= N -> o_held[k] = held[k]; o_rows[k] = rows[k]; k++ :: else -> break od;
#endif
  k = 0;
  do :: k < WORKERS -> isStale[k] = true; k++ :: else -> break od
}

/* ID128.random: a commit id that was never used before. As ids are compared for equality alone, they are counted back
 * from the present one, which keeps the states few: 1 is the stored one, 2 the one before, 3 any older. `revision`
 * is kept where it is compared alone: beside an id that never comes again it decides nothing. */
#define STORED 1
inline newVersion() {
  k = 0;
  do
  :: k < WORKERS ->
     if :: baseCommit[k] == 0 || baseCommit[k] == 3 :: else -> baseCommit[k]++ fi;
     if :: intended[k] == 0 || intended[k] == 3 :: else -> intended[k]++ fi;
     k++
  :: else -> break
  od;
#if SWAP == 2
  revision++
#endif
}

/* SQLiteStore.finish: the checkpoint follows from the coverage, in the same transaction. */
inline deriveCheckpoint() {
  k = 0;
  do :: k < tipHeight && (covered & BIT(k+1)) -> k++ :: else -> break od
}

inline writeCheckpoint() {
  deriveCheckpoint();
#ifdef CHECKPOINT_ONLY_GROWS
  if :: k > checkpoint -> checkpoint = k :: else fi
#else
  checkpoint = k
#endif
}

/* What every reader may rely on after every commit. */
inline check() {
  deriveCheckpoint();
  assert(checkpoint == k);                              /* derived, never behind and never ahead */
  assert(leaseEpoch == epoch && leaseHolder == holder); /* the lease and the fence name one holder */
  k = N;
  do
  :: k > tipHeight -> assert(rows[k] == 0 && held[k] == 0 && !(covered & BIT(k))); k--   /* nothing above the tip */
  :: else -> break
  od;
#ifndef AT_THE_END
  w = tip;
  do
  :: k > 0 ->
     assert(held[k] == 0 || held[k] == w);              /* every held hash is on the tip's chain */
     if
     :: covered & BIT(k) -> assert(rows[k] == w)        /* covered: exactly this block's rows */
     :: else -> assert(rows[k] == 0)                    /* not covered: none (no half of an update is seen) */
     fi;
     w = parent[w]; k--
  :: else -> break
  od
#endif
}

/* LedgerTransaction.rewind(above:number:) and Coverage.cut(above:) */
inline rewindAbove(base) {
  k = base + 1;
  do
  :: k <= N ->
     held[k] = 0;
#ifndef ROWS_SURVIVE_REWIND
     rows[k] = 0;
#endif
#ifndef COVERAGE_SURVIVES_REWIND
     covered = covered & (255 - BIT(k));
#endif
     k++
  :: else -> break
  od;
  rewinds++
}

#if FENCE == 4
#define FENCED (epoch == myEpoch && holder == me)
#elif FENCE == 3
#define FENCED (epoch == myEpoch && holder == me && leaseEpoch == myEpoch && leaseHolder == me)
#elif FENCE == 1
#define FENCED (epoch == myEpoch && leaseEpoch == myEpoch)
#else
#define FENCED true
#endif
#if SWAP == 3
#define SWAPPED (baseCommit[self] == STORED)
#elif SWAP == 2
#define SWAPPED (revision == baseRevision)
#elif SWAP == 1
#define SWAPPED (tip == baseTip && tipHeight == baseHeight)
#else
#define SWAPPED true
#endif
#define SUPERSEDED (FENCE != 0 && (epoch != myEpoch || (FENCE != 1 && holder != me)))
#define MAY_DIE (!quiet && grants < GRANTS)

inline forgetUpdate() {
  if :: piece == 0 -> baseCommit[self] = 0 :: else fi;
  head = 0; headHeight = 0; base = 0; isPiece = false; isApplied = false; intended[self] = 0;
  isStale[self] = false; baseRevision = 0; baseTip = 0; baseHeight = 0; baseRewinds = 0; baseCovered = 0; k = 0;
  do :: k <= N -> baseHeld[k] = 0; k++ :: else -> break od
}
inline forgetPiece() { piece = 0; pieceHeight = 0; pieceRewinds = 0 }

/* Coverage, tip, version and checkpoint: the second half of an update. */
inline finish() {
  newVersion(); intended[self] = STORED;
  if
  :: isPiece -> held[pieceHeight] = piece; covered = covered | BIT(pieceHeight)
  :: else ->
     k = base + 1;
     do :: k <= headHeight -> covered = covered | BIT(k); k++ :: else -> break od;
     tip = head; tipHeight = headHeight
  fi;
  writeCheckpoint(); check()
}

proctype Worker(byte self) {
  byte me, myEpoch;                                     /* the lease, as taken: `me` is a number never given before */
  byte baseRevision, baseTip, baseHeight, baseRewinds, baseCovered, baseHeld[N+1];
  byte head, headHeight, base;                          /* a branch read: head and where it leaves ours */
  byte piece, pieceHeight, pieceRewinds;                /* a range read, and the rewind count it started under */
  bool isApplied, isPiece;

start:
  /* SQLiteStore.acquiringLease and SQLiteStore.opening(_:holder:): a lease that is free or deemed expired */
end_unneeded:
  atomic {
    (grants < GRANTS && !quiet) ->
    forgetPiece(); forgetUpdate(); begin();
    grants++; me = grants; leaseEpoch++; leaseHolder = me; myEpoch = leaseEpoch;
#ifndef LEASE_AND_FENCE_APART
    epoch = leaseEpoch; holder = me; newVersion(); check();
#endif
    isStale[self] = false; goto round
  };

round:
#ifdef LEASE_AND_FENCE_APART
  /* mutant: the chain's row learns of a take-over in a later transaction */
  if :: atomic { leaseHolder == me && holder != me -> begin(); epoch = leaseEpoch; holder = me; newVersion() } :: else fi;
#endif
#ifdef RENEWAL_UNCHECKED
  /* mutant: SQLiteStore.renewingLease without its WHERE */
  if :: atomic { leaseEpoch = myEpoch; leaseHolder = me } :: true fi;
#endif
  /* SyncEngine.adopt: the committed state and nothing else; SyncError.superseded where the holder is another */
  atomic {
    if :: MAY_DIE -> goto start :: true fi;
    if
    :: SUPERSEDED ->
       assert(LOSE || grants != me);                    /* superseded only by a take-over of this chain */
       goto lost
    :: else
    fi;
#ifndef RANGE_OUTLIVES_STATE
    /* a range read for another state than the one that is found is dropped */
    if :: piece != 0 && baseCommit[self] != STORED -> forgetPiece() :: else fi;
#endif
    baseRevision = revision; baseCommit[self] = STORED; baseTip = tip; baseHeight = tipHeight;
    baseRewinds = rewinds; baseCovered = covered; isStale[self] = false; k = 0;
    do :: k <= N -> baseHeld[k] = held[k]; k++ :: else -> break od
  };

  /* SyncEngine.follow: a head, perhaps of a lagging node; Window.step says what it means */
  atomic {
    headHeight = N;
    do :: headHeight > 0 -> headHeight-- :: break od;   /* 0: no head is asked for, the round goes on with history */
    head = canon[headHeight]; w = head; k = headHeight; ok = false;
    do
    :: k > 0 && baseHeld[k] != w -> if :: baseHeld[k] != 0 -> ok = true :: else fi; w = parent[w]; k--
    :: else -> break
    od;
#ifdef PARENT_IGNORED
    /* mutant: the block after the tip is taken over whatever its parent */
    if :: headHeight == baseHeight + 1 -> k = baseHeight :: else fi;
#endif
    /* Only another hash at a held height, or a head that stands on the tip, changes anything. */
    if :: k != headHeight && (ok || k == baseHeight) -> base = k; goto apply :: else fi;
    head = 0; headHeight = 0;
    /* SyncEngine.backfill, Chain.logs(in:matching:): a hole of the plan, any of them, anchored by its last block */
    if
    :: piece == 0 ->
       hole = 1;
       do
       :: hole <= baseHeight && (baseCovered & BIT(hole)) -> hole++
       :: hole < baseHeight && !(baseCovered & BIT(hole)) -> hole++
       :: else -> break
       :: hole <= baseHeight && !(baseCovered & BIT(hole)) -> break
       od;
       if
       :: hole <= baseHeight && !(baseCovered & BIT(hole)) ->
          piece = canon[hole]; pieceHeight = hole; pieceRewinds = baseRewinds
       :: else
       fi
    :: else
    fi;
    if
    :: piece != 0 ->
#ifndef OLD_RANGE_COMMITTED
       /* what was read before a rewind is dropped, and the plan made anew */
       if :: pieceRewinds != baseRewinds -> forgetPiece(); forgetUpdate(); goto round :: else fi;
#endif
       if
       :: isPiece = true; goto apply
       :: true -> forgetUpdate(); goto round            /* it waits for its batch while heads go on */
       fi
    :: piece == 0 && !(baseTip == canon[N] && baseHeight == N && baseCovered == (BIT(N+1) - 2)) ->
       forgetUpdate(); goto round
    :: else -> goto idle
    fi
  };

idle:
  /* nothing to do: SyncEngine.round sleeps until something may have changed */
  atomic {
    (quiet || canon[N] != baseTip || isStale[self]) ->
    if
    :: canon[N] == baseTip && !isStale[self] -> goto done
    :: else -> forgetUpdate(); goto round
    fi
  };

apply:
#ifdef TIP_ASKED_FOR
  /* a remedy under study: just before history is committed, is the tip still on the chain? */
  atomic { if :: isPiece && canon[baseHeight] != baseTip -> forgetPiece(); forgetUpdate(); goto round :: else fi };
#endif
#if FENCE == 2
  /* mutant: asks for the lease, then begins the transaction */
  if :: leaseEpoch != myEpoch || leaseHolder != me -> goto lost :: else fi;
#endif
  /* SQLiteStore.applying(_:to:): one transaction from the compare-and-swap to the commit */
  atomic {
    if :: MAY_DIE -> goto start :: true fi;
    ok = (FENCED && SWAPPED);
    assert(ok || isStale[self]);                        /* refused only if this chain's own transactions came between */
    /* LedgerTransaction.insert(_: BlockRecord): another hash at a held height, other rows at a place: inconsistent */
    if
    :: ok && isPiece ->
#ifndef ANCHOR_IGNORED
       if :: held[pieceHeight] != 0 && held[pieceHeight] != piece -> ok = false :: else fi;
#endif
       if :: rows[pieceHeight] != 0 && rows[pieceHeight] != piece -> ok = false :: else fi
    :: ok && !isPiece && base == baseHeight ->
       w = head; k = headHeight;
       do
       :: k > base -> if :: (held[k] != 0 && held[k] != w) || (rows[k] != 0 && rows[k] != w) -> ok = false :: else fi;
          w = parent[w]; k--
       :: else -> break
       od
    :: else
    fi;
    if
    :: !ok -> forgetPiece(); forgetUpdate(); goto round
    :: else
    fi;
    assert(leaseHolder == me && leaseEpoch == myEpoch); /* nothing commits for a holder that has lost its lease */
    assert(!isApplied);                                 /* no update is applied twice */
    begin(); isApplied = true;
    if
    :: isPiece -> rows[pieceHeight] = piece
    :: else ->
       if :: base != baseHeight -> rewindAbove(base) :: else fi;
       w = head; k = headHeight;
       do :: k > base -> held[k] = w; rows[k] = w; w = parent[w]; k-- :: else -> break od
    fi;
#ifndef ROWS_AND_COVERAGE_APART
    finish();
    if
    :: true ->                                          /* acknowledged */
       if :: isPiece -> forgetPiece() :: else -> baseCommit[self] = STORED fi; forgetUpdate(); goto round
    :: !quiet -> isStale[self] = false; goto unknown
    fi
#endif
  };
#ifdef ROWS_AND_COVERAGE_APART
  /* mutant: rows in one transaction, coverage, tip and version in the next */
  atomic {
    if :: MAY_DIE -> goto start :: true fi;
    if :: FENCED && SWAPPED -> begin(); finish() :: else fi;
    forgetPiece(); forgetUpdate(); goto round
  };
#endif

unknown:
  /* SyncEngine.recover: COMMIT was not acknowledged; what is stored decides */
  atomic {
    if :: MAY_DIE -> goto start :: true fi;
    if :: SUPERSEDED -> goto lost :: else fi;
#if !LOSE
    assert(isStale[self] || (intended[self] == STORED) == isApplied); /* the commit id tells what became of it */
#endif
#if defined(UNKNOWN_REPEATED_ON_NEW)
    /* mutant: taken for failed, repeated under the version that is found */
    baseRevision = revision; baseCommit[self] = STORED; goto apply
#elif defined(UNKNOWN_REPEATED_ON_OLD)
    /* taken for failed, repeated under the version it was computed from */
    isStale[self] = true; goto apply
#else
    if :: isPiece -> forgetPiece() :: else fi; forgetUpdate(); goto round
#endif
  };

lost:
  atomic {
    forgetPiece(); forgetUpdate();
    if :: MAY_DIE -> goto start :: else -> goto gone fi
  };
done:
#ifdef AT_THE_END
  /* only this: when all is quiet, what is kept for good is the canonical chain's */
  atomic { k = N; do :: k > 0 -> assert(rows[k] == canon[k]); k-- :: else -> break od };
#endif
#ifdef VACUITY
  /* must be reached: every budget is spent, and all of the chain is held */
  assert(!(tip == canon[N] && checkpoint == N && grants == GRANTS && reorgs == REORGS && operatorRewinds == REWINDS &&
    losses == LOSE));
#endif
  atomic { forgetPiece(); forgetUpdate(); me = 0; myEpoch = 0 };
gone:
  skip
}

/* The second chain of the store: its lease and its row are its own. */
byte zHolder, zCommitID, zDone, zTouched;

proctype OtherChain() {
  byte base, seen;
  /* SQLiteStore.acquiringLease, opening(_:holder:) for another chain id */
  atomic {
    zHolder++; zCommitID++; zTouched++;
#ifdef ONE_LEASE_FOR_ALL
    begin(); leaseEpoch++; leaseHolder = 100; epoch = leaseEpoch; holder = leaseHolder; newVersion()
#endif
  };
  do
  :: zDone < ZCOMMITS ->
     atomic { base = zCommitID; seen = zTouched };
     /* SQLiteStore.applying(_:to:) */
     atomic {
       if
       :: zCommitID == base && zHolder == 1 ->
          zTouched++; zCommitID++; zDone++; base = 0; seen = 0;
#ifdef SWAP_WITHOUT_CHAIN
          newVersion()                                  /* mutant: UPDATE chain … without WHERE id */
#endif
       :: else -> assert(zTouched != seen); break       /* disturbed by the first chain? */
       fi
     }
  :: else -> break
  od;
  assert(zDone == ZCOMMITS)
}

proctype Adversary() {
  byte first, h;
  do
  :: reorgs < REORGS ->
     atomic {                                           /* the chain replaces its last blocks */
       reorgs++; first = REORG_MIN;
       do :: first < N -> first++ :: break od;
       h = 1; do :: h <= N -> before[h] = (reorgs < REORGS -> canon[h] : 0); h++ :: else -> break od;
       h = first;
       do :: h <= N -> parent[nextID] = canon[h-1]; canon[h] = nextID; nextID++; h++ :: else -> break od;
       h = 0; first = 0
     }
#ifndef NO_RETURN
  :: reorgs < REORGS && before[N] != 0 && before[N] != canon[N] ->
     atomic {                                           /* … or goes back to the branch before */
       reorgs++; h = 1;
       do :: h <= N -> first = before[h]; before[h] = (reorgs < REORGS -> canon[h] : 0); canon[h] = first; h++ :: else -> break od;
       h = 0; first = 0
     }
#endif
  :: operatorRewinds < REWINDS && tipHeight > 0 ->
     atomic {                                           /* SQLiteStore.rewinding(to:of:id:): no lease, a new version */
       operatorRewinds++; h = 0;
       do :: h + 1 < tipHeight -> h++ :: break od;
       if
       :: h == 0 || held[h] != 0 ->
          begin(); newVersion();
          rewindAbove(h); tip = held[h]; tipHeight = h; writeCheckpoint(); check()
       :: else
       fi;
       h = 0
     }
#if LOSE
  :: losses < LOSE && grants > 0 ->
     atomic {                                           /* power cut under synchronous=NORMAL; a lagging replica */
       losses++; h = 0;
       do
       :: h < WORKERS ->
          isStale[h] = true;
          if :: baseCommit[h] == 1 -> baseCommit[h] = 3 :: baseCommit[h] == 2 -> baseCommit[h] = STORED :: else fi;
          if :: intended[h] == 1 -> intended[h] = 3 :: intended[h] == 2 -> intended[h] = STORED :: else fi;
          h++
       :: else -> break od;
       leaseEpoch = o_leaseEpoch; leaseHolder = o_leaseHolder; revision = o_revision;
       epoch = o_epoch; holder = o_holder; tip = o_tip; tipHeight = o_tipHeight; rewinds = o_rewinds;
       checkpoint = o_checkpoint; covered = o_covered; h = 0;
       do :: h <= N -> held[h] = o_held[h]; rows[h] = o_rows[h]; h++ :: else -> break od;
       h = 0
     }
#endif
  :: quiet = true; break
  od
}

init {
  byte i = 1;
  atomic {
    do :: i <= N -> parent[nextID] = canon[i-1]; canon[i] = nextID; nextID++; i++ :: else -> break od;
    tip = canon[TIP]; tipHeight = TIP; i = 1;
#ifdef SPARSE
    held[TIP] = canon[TIP];                             /* SyncEngine.jump: the tip's hash, none below */
#else
    do :: i <= TIP -> held[i] = canon[i]; i++ :: else -> break od;
#endif
    i = 0;
    do :: i < WORKERS -> run Worker(i); i++ :: else -> break od;
    i = 0;
    if :: ZCOMMITS > 0 -> run OtherChain() :: else fi;
    run Adversary()
  }
}
